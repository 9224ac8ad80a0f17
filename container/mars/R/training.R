# A training job: hyperparameters and data in, a model and its metrics out.

#' Runs the job and returns its exit code. The one place that writes the failure file, which
#' SageMaker shows as the job's FailureReason.
run_training <- function(paths) {
  tryCatch(
    {
      train_model(paths)
      0L
    },
    error = function(e) {
      reason <- conditionMessage(e)
      if (!inherits(e, "user_error")) reason <- paste("internal error:", reason)
      message(reason)
      dir.create(dirname(paths$failure), showWarnings = FALSE, recursive = TRUE)
      writeLines(reason, paths$failure, useBytes = TRUE)
      1L
    }
  )
}

train_model <- function(paths) {
  settings <- parse_hyperparameters(read_hyperparameters(paths$hyperparameters))
  model <- fit_model(read_channel(paths$train), settings)
  save_model(model, paths$model)
  cat(training_log(model), sep = "\n")
}

#' What a job logs; a metric is `train:name=value`, for AlgorithmSpecification's MetricDefinitions.
training_log <- function(model) {
  facts <- model$metadata
  c(
    sprintf("rows: %d", facts$rows),
    sprintf("columns: %s", toString(names(model$columns))),
    sprintf("terms: %d", facts$terms),
    sprintf("train:%s=%.15g", names(facts$metrics), unlist(facts$metrics))
  )
}
