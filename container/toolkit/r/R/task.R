# A task is what train, evaluate and model-server need to know of a container's kind of model. Its
# model.R leaves one in the variable `task`, made by regression() (tabular.R) or by new_task().

#' A task from its parts, all of which are needed. A table is a named list of columns as parse_csv
#' and parse_instances read them: text, or numbers where JSON had them.
#'   hyperparameters  rules by name, see hyperparameters.R
#'   train(job)       a model. `job` is list(settings, channels, hosts, host, sharded): the values
#'                    of the hyperparameters, a table by channel (`train`, perhaps `validation`),
#'                    the names of all instances and of this one, and whether each has other files
#'                    of `train`. `model$metadata` is logged: rows, facts of one value, and
#'                    `metrics` by stage
#'   save(model, folder, beside), load(folder)  the files of an artifact. A loaded model's
#'                    `columns`, by name, are those of a request. `beside` is a folder, to be made,
#'                    for what is worth keeping and not for serving: SageMaker's output.tar.gz
#'   example(model)   a table of one valid row, scored before the first request: where that fails,
#'                    nothing is served, so it is best one that the model was trained on
#'   predict(model, table)  answers for a request's rows, in any form that `writers` take
#'   writers          by media type of an answer: function(answers, format) to its text. `format` is
#'                    the request's, a name of `readers`
#'   evaluate(model, table, unit)  list(metrics, facts, files): what evaluation.json says, and by
#'                    name the functions that each write a file they are given the path of
new_task <- function(hyperparameters, train, save, load, example, predict, writers, evaluate) {
  mget(names(formals()), environment())
}

# How the environment is called where a container's own functions are.
own_files <- "the container's own files"

#' The task of the container in the folder `program`. What its files define stays among themselves:
#' a name that the toolkit has too changes nothing there.
read_task <- function(program) {
  container <- structure(new.env(parent = globalenv()), name = own_files)
  files <- list.files(file.path(program, "R"), "[.]R$", full.names = TRUE)
  for (file in c(files, file.path(program, "model.R"))) {
    tryCatch(sys.source(file, container), error = function(e) {
      stop(basename(file), ": ", conditionMessage(e), call. = FALSE)
    })
  }
  get("task", container, inherits = FALSE)
}
