# Where the time of a request goes in R: the median microseconds of each step, alone on a core.
# usage: Rscript profile_r.R <a CSV> ..., in the folder of a container's programs

for (file in list.files("toolkit/R", full.names = TRUE)) source(file)
task <- read_task(".")
model <- task$load(container_paths()$model)

microseconds <- function(step, runs = 400L, calls = 10L) {
  took <- vapply(seq_len(runs), function(run) {
    start <- Sys.time()
    for (call in seq_len(calls)) step()
    as.numeric(Sys.time() - start, units = "secs") / calls
  }, 0)
  median(took) * 1e6
}

for (file in commandArgs(trailingOnly = TRUE)) {
  body <- readBin(file, "raw", file.size(file))
  headers <- charToRaw("Request-Method: POST\nhost: 127.0.0.1\ncontent-type: text/csv\n")
  handle <- request_handler(task, model)
  text <- as_text(body, "the body")
  table <- parse_csv(text)
  frame <- typed_frame(model$columns, table)
  answers <- task$predict(model, table)
  formats <- negotiate(task, model, "text/csv", NULL)
  steps <- list(
    "all of it" = function() handle("/invocations", NULL, body, headers),
    "bytes to text" = function() as_text(body, "the body"),
    "text to columns, every row checked" = function() parse_csv(text),
    "columns to numbers and factors, every cell checked" = function() {
      typed_frame(model$columns, table)
    },
    "the design matrix" = function() design_matrix(frame),
    "all of the prediction, with both" = function() task$predict(model, table),
    "the answer as JSON" = function() formats$write(answers, formats$request),
    "a look for garbage, once in about a thousand requests of one row" = function() gc(full = FALSE)
  )
  for (name in names(steps)) {
    for (call in 1:20) steps[[name]]() # until R has compiled it
    cat(sprintf("%s\t%s\t%.1f\n", basename(file), name, microseconds(steps[[name]])))
  }
}
