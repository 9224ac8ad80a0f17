# A training job: hyperparameters and data in, a model and its metrics out.

run_training <- function(paths) run_job(train_model(paths), paths$failure)

train_model <- function(paths) {
  settings <- parse_hyperparameters(lapply(read_config(paths$hyperparameters), as.character))
  # read before the model is fitted: a channel's problems are told at once
  train <- read_channel(paths, "train")
  validation <- if ("validation" %in% names(job_channels(paths))) read_channel(paths, "validation")
  model <- fit_model(train, settings)
  if (!is.null(validation)) {
    rows <- problems_in("channel 'validation'", compare_rows(model, validation))
    metrics <- regression_metrics(rows$actual, rows$predicted)
    model$metadata$metrics$validation <- metrics
  }
  save_model(model, paths$model)
  cat(training_log(model), sep = "\n")
}

#' What a job logs, its metrics as AlgorithmSpecification's MetricDefinitions look for them.
training_log <- function(model) {
  facts <- model$metadata
  c(
    sprintf("rows: %d", facts$rows),
    sprintf("columns: %s", toString(names(model$columns))),
    sprintf("terms: %d", facts$terms),
    unlist(Map(metric_lines, names(facts$metrics), facts$metrics), use.names = FALSE)
  )
}
