# How far predictions are from what was measured.

#' The metrics of a regression, in the target's unit but r2, which is NA where the target does not
#' vary.
regression_metrics <- function(actual, predicted) {
  error <- predicted - actual
  spread <- sum((actual - mean(actual))^2)
  list(
    rmse = sqrt(mean(error^2)),
    mae = mean(abs(error)),
    r2 = if (spread > 0) 1 - sum(error^2) / spread else NA_real_,
    max_error = max(abs(error))
  )
}

#' Lines as MetricDefinitions look for them: `stage:name=value`.
metric_lines <- function(stage, metrics) {
  sprintf("%s:%s=%.15g", stage, names(metrics), unlist(metrics))
}
