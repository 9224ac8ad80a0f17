# Where SageMaker puts things (Amazon SageMaker AI developer guide, "How Amazon SageMaker AI
# provides training information" and "How Amazon SageMaker Processing configures input and output").
# SAGEMAKER_BASE_DIR moves all of it, for a run without Docker.

container_paths <- function(base = Sys.getenv("SAGEMAKER_BASE_DIR", "/opt/ml")) {
  list(
    hyperparameters = file.path(base, "input", "config", "hyperparameters.json"),
    channels = file.path(base, "input", "config", "inputdataconfig.json"),
    resources = file.path(base, "input", "config", "resourceconfig.json"),
    data = file.path(base, "input", "data"),
    model = file.path(base, "model"),
    beside = file.path(base, "output", "data"),
    failure = file.path(base, "output", "failure"),
    # A processing job's own: the workload's settings name these folders.
    artifact = file.path(base, "processing", "model", "model.tar.gz"),
    held_out = file.path(base, "processing", "input"),
    evaluation = file.path(base, "processing", "evaluation"),
    message = file.path(base, "output", "message")
  )
}

#' One of the job's own JSON files as a list; empty where it is missing, as in a run by hand.
read_config <- function(file) {
  if (!file.exists(file)) return(list())
  read_json(file)
}

#' Reads the R object that saveRDS wrote; a user_error where the file is something else.
read_rds <- function(file) {
  tryCatch(
    suppressWarnings(readRDS(file)),
    error = function(e) report(sprintf("%s: %s", basename(file), conditionMessage(e)))
  )
}

#' Reads a UTF-8 file whole; a user_error where it is something else.
read_text <- function(file) {
  as_text(readBin(file, "raw", file.size(file)), basename(file))
}

nul <- as.raw(0L)

#' Bytes as UTF-8 text, without a byte order mark.
as_text <- function(bytes, what) {
  if (length(grepRaw(nul, bytes, fixed = TRUE)) > 0L) {
    report(sprintf("%s holds NUL bytes, expected UTF-8 text", what))
  }
  text <- rawToChar(bytes)
  if (!validUTF8(text)) report(sprintf("%s is not UTF-8 text", what))
  Encoding(text) <- "UTF-8"
  if (startsWith(text, "\ufeff")) substring(text, 2L) else text
}
