project <- file.path("..", "..", "project")
for (file in c("sagestack.R", "jobs.R")) source(file.path(project, file))

#' The text of a CSV file, read as rows.
rows_of <- function(...) {
  file <- withr::local_tempfile()
  writeLines(c(...), file)
  read_rows(file)
}

#' The functions of a script, which runs when it is sourced.
functions_of <- function(script) {
  found <- new.env(parent = globalenv())
  for (line in parse(file.path(project, script))) {
    named <- is.call(line) && identical(line[[1L]], as.name("<-")) && is.call(line[[3L]])
    if (named && identical(line[[3L]][[1L]], as.name("function"))) eval(line, found)
  }
  as.list(found)
}
