# The R side of `train`: the exit code is the job's fate, 0 or 1.

invisible(Sys.setlocale("LC_ALL", "C.UTF-8")) # UTF-8 whatever the machine's language
program <- commandArgs(trailingOnly = TRUE)
for (file in list.files(file.path(program, "toolkit", "R"), full.names = TRUE)) source(file)
quit(status = run_training(container_paths(), read_task(program)))
