# An evaluation job: a trained model and held-out rows in, figures, predictions and a picture out.

run_evaluation <- function(paths, task, unit = "") {
  run_job(evaluate_model(paths, task, unit), paths$message)
}

evaluate_model <- function(paths, task, unit) {
  model <- problems_in(basename(paths$artifact), load_artifact(paths$artifact, task))
  folder <- held_out_channel(paths$held_out)
  table <- read_folder(folder, has_header(model))
  channel <- sprintf("channel '%s'", basename(folder))
  result <- problems_in(channel, task$evaluate(model, table, unit))

  dir.create(paths$evaluation, showWarnings = FALSE, recursive = TRUE)
  for (name in names(result$files)) result$files[[name]](file.path(paths$evaluation, name))
  write_json(
    c(list(metrics = result$metrics), result$facts), file.path(paths$evaluation, "evaluation.json")
  )
  cat(
    sprintf("rows: %d", length(table[[1L]])), metric_lines("evaluation", result$metrics),
    sep = "\n"
  )
}

#' Loads a model from the archive that training left; SageMaker does not unpack it here.
load_artifact <- function(file, task) {
  if (!file.exists(file)) report("is missing: give the processing job an input 'model'")
  folder <- tempfile("model")
  tryCatch(
    utils::untar(file, exdir = folder, tar = "internal"),
    error = function(e) report(paste("not an archive of a model:", conditionMessage(e)))
  )
  task$load(folder)
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
