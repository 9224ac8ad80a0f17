# An evaluation job: a trained model and held-out rows in, figures, predictions and a picture out.

run_evaluation <- function(paths, unit = "") run_job(evaluate_model(paths, unit), paths$message)

evaluate_model <- function(paths, unit) {
  model <- problems_in(basename(paths$artifact), load_artifact(paths$artifact))
  folder <- held_out_channel(paths$held_out)
  channel <- basename(folder)
  table <- read_folder(folder)
  rows <- problems_in(sprintf("channel '%s'", channel), compare_rows(model, table))
  metrics <- regression_metrics(rows$actual, rows$predicted)
  target <- model$metadata$target

  dir.create(paths$evaluation, showWarnings = FALSE, recursive = TRUE)
  write_report(
    file.path(paths$evaluation, "report.png"), rows, metrics,
    group = first_category(model$columns, table), target = target, unit = unit
  )
  write_predictions(file.path(paths$evaluation, "predictions.csv"), table, rows)
  write_json(
    list(metrics = metrics, rows = length(rows$actual), target = target),
    file.path(paths$evaluation, "evaluation.json")
  )
  cat(sprintf("rows: %d", length(rows$actual)), metric_lines("evaluation", metrics), sep = "\n")
}

#' Loads a model from the archive that training left; SageMaker does not unpack it here.
load_artifact <- function(file) {
  if (!file.exists(file)) report("is missing: give the processing job an input 'model'")
  folder <- tempfile("model")
  tryCatch(
    utils::untar(file, exdir = folder, tar = "internal"),
    error = function(e) report(paste("not an archive of a model:", conditionMessage(e)))
  )
  load_model(folder)
}

#' The one input beside the model.
held_out_channel <- function(folder) {
  channels <- list.dirs(folder, recursive = FALSE)
  if (length(channels) != 1L) {
    report(sprintf(
      "expected one channel of held-out data in %s, found: %s",
      folder, quoted(toString(basename(channels)))
    ))
  }
  channels
}

#' The rows as they came, with `prediction` and `error`, which is prediction - target.
write_predictions <- function(file, table, rows) {
  columns <- c(table, list(
    prediction = as_decimal(rows$predicted), error = as_decimal(rows$predicted - rows$actual)
  ))
  names(columns) <- make.unique(names(columns)) # the data may have a column of that name
  writeLines(format_csv(columns), file, sep = "", useBytes = TRUE)
}
