for (file in list.files("../../R", full.names = TRUE)) source(file, local = FALSE)

#' A task small enough to check by hand: a line through the numbers and the means of categories.
linear <- regression(
  "stats",
  hyperparameters = list(weight = number("of the last row", from = 0)),
  fit_model = function(data, target, settings) {
    weights <- c(rep(1, nrow(data) - 1L), c(settings$weight, 1)[1L])
    stats::lm(.target ~ ., cbind(.target = target, data), weights = weights)
  },
  predict_model = function(fit, data) stats::predict(fit, data),
  facts = function(fit) list(terms = length(stats::coef(fit))),
  metrics = function(fit) list(aic = stats::AIC(fit))
)

#' A model of a task: of a table, with these settings.
model_of <- function(task, table, settings) {
  task$train(list(
    settings = settings, channels = list(train = table), hosts = "algo-1", sharded = FALSE
  ))
}

#' A folder with a model of that task.
saved <- function(task, model) {
  folder <- tempfile("model")
  dir.create(folder)
  task$save(model, folder, file.path(folder, "beside"))
  folder
}

#' The columns of R's own iris as parse_csv reads them: text.
iris_table <- lapply(iris, as.character)

#' A user_error and its message.
expect_reported <- function(code, message) {
  expect_error(code, message, fixed = TRUE, class = "user_error")
}

#' Writes text below a fresh folder; returns the folder.
folder_with <- function(...) {
  folder <- tempfile("channel")
  dir.create(folder)
  texts <- c(...)
  for (name in names(texts)) writeLines(texts[[name]], file.path(folder, name), sep = "")
  folder
}

#' The paths of a job in a fresh base folder, as SageMaker makes it, without output.
job <- function(hyperparameters, ..., validation = NULL) {
  base <- tempfile("ml")
  dir.create(file.path(base, "input", "config"), recursive = TRUE)
  dir.create(file.path(base, "input", "data"), recursive = TRUE)
  writeLines(hyperparameters, file.path(base, "input", "config", "hyperparameters.json"))
  file.rename(folder_with(...), file.path(base, "input", "data", "train"))
  if (!is.null(validation)) {
    file.rename(
      folder_with("held-out.csv" = validation), file.path(base, "input", "data", "validation")
    )
  }
  container_paths(base)
}

#' The paths of an evaluation of `model` on channels of one file each, without output.
evaluation <- function(task, model, ...) {
  paths <- container_paths(tempfile("ml"))
  dir.create(paths$model, recursive = TRUE)
  task$save(model, paths$model, paths$beside)
  dir.create(dirname(paths$artifact), recursive = TRUE)
  withr::with_dir(paths$model, utils::tar(paths$artifact, compression = "gzip", tar = "internal"))
  dir.create(paths$held_out)
  channels <- list(...)
  for (name in names(channels)) {
    file.rename(folder_with("rows.csv" = channels[[name]]), file.path(paths$held_out, name))
  }
  paths
}
