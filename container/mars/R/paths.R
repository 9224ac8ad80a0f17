# Where SageMaker puts things (Amazon SageMaker AI developer guide, "How Amazon SageMaker AI
# provides training information"). SAGEMAKER_BASE_DIR moves all of it, for a run without Docker.

container_paths <- function(base = Sys.getenv("SAGEMAKER_BASE_DIR", "/opt/ml")) {
  list(
    hyperparameters = file.path(base, "input", "config", "hyperparameters.json"),
    train = file.path(base, "input", "data", "train"),
    model = file.path(base, "model"),
    failure = file.path(base, "output", "failure")
  )
}

#' Reads a UTF-8 file whole; a user_error where it is something else.
read_text <- function(file) {
  as_text(readBin(file, "raw", file.size(file)), basename(file))
}

#' Bytes as UTF-8 text, without a byte order mark.
as_text <- function(bytes, what) {
  if (any(bytes == as.raw(0L))) report(sprintf("%s holds NUL bytes, expected UTF-8 text", what))
  text <- rawToChar(bytes)
  if (!validUTF8(text)) report(sprintf("%s is not UTF-8 text", what))
  Encoding(text) <- "UTF-8"
  if (startsWith(text, "\ufeff")) substring(text, 2L) else text
}
