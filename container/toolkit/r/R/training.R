# A training job: hyperparameters and data in, a model and its metrics out.

#' Trains a model of a task; the exit code. A task that cannot be read is a reason, too.
run_training <- function(paths, task) run_job(train_model(paths, task), paths$failure)

train_model <- function(paths, task) {
  given <- lapply(read_config(paths$hyperparameters), as.character)
  # read before the model is fitted: a channel's problems are told at once
  names <- c("train", intersect("validation", names(job_channels(paths))))
  header <- channels_header(paths, names)
  settings <- parse_hyperparameters(task$hyperparameters, given, header)
  channels <- lapply(stats::setNames(nm = names), function(name) read_channel(paths, name, header))
  job <- c(list(settings = settings, channels = channels), job_hosts(paths))
  model <- task$train(job)
  if (!header) model$metadata$header <- "absent"
  dir.create(paths$model, showWarnings = FALSE, recursive = TRUE)
  task$save(model, paths$model, paths$beside)
  cat(training_log(model), sep = "\n")
}

#' Whether a model was trained on data with header lines, and expects such CSV.
has_header <- function(model) !identical(model$metadata$header, "absent")

#' The instances of a job, which of them this is, and whether each has only its share of the files
#' of the training data; one that has all, when nothing says otherwise.
job_hosts <- function(paths) {
  resources <- read_config(paths$resources)
  host <- c(resources$current_host, "algo-1")[1L]
  list(
    hosts = unlist(c(resources$hosts, if (is.null(resources$hosts)) host)),
    host = host,
    sharded = identical(job_channels(paths)$train$S3DistributionType, "ShardedByS3Key")
  )
}

#' What a job logs, its metrics as AlgorithmSpecification's MetricDefinitions look for them.
training_log <- function(model) {
  metadata <- model$metadata
  more <- metadata[setdiff(names(metadata), c("target", "rows", "metrics"))]
  more <- Filter(function(fact) is.atomic(fact) && length(fact) == 1L, more)
  c(
    sprintf("rows: %d", metadata$rows),
    sprintf("columns: %s", toString(names(model$columns))),
    sprintf("%s: %s", names(more), vapply(more, format, "")),
    unlist(Map(metric_lines, names(metadata$metrics), metadata$metrics), use.names = FALSE)
  )
}
