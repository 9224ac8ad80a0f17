# The model: fitted by mda::mars, kept as model.rds beside metadata.json, which says what it takes.

#' Fits mars to training data. `settings` are parsed hyperparameters.
fit_model <- function(table, settings) {
  columns <- describe_columns(table, settings$target)
  y <- as_number(table[[settings$target]])
  columns <- columns[names(columns) != settings$target]
  x <- design_matrix(columns, table[names(columns)])
  fit <- do.call(mda::mars, c(list(x = x, y = y), settings[names(settings) != "target"]))
  metrics <- list(train = list(rmse = sqrt(mean(fit$residuals^2)), gcv = fit$gcv))
  # What predict() does not need grows with the data; the call holds all of it once more.
  fit[c("call", "x", "residuals", "fitted.values")] <- NULL
  list(
    fit = fit,
    columns = columns,
    metadata = list(
      target = settings$target,
      hyperparameters = settings,
      rows = nrow(x),
      terms = length(fit$selected.terms),
      metrics = metrics,
      versions = list(R = as.character(getRversion()), mda = installed_version())
    )
  )
}

installed_version <- function() as.character(utils::packageVersion("mda"))

#' Predictions for columns that parse_csv or parse_instances read.
predict_rows <- function(model, table) {
  as.vector(stats::predict(model$fit, design_matrix(model$columns, table)))
}

#' Predictions for rows whose target is known, beside it: list(actual, predicted).
compare_rows <- function(model, table) {
  target <- model$metadata$target
  columns <- c(model$columns, stats::setNames(list(list(name = target, type = "number")), target))
  # More columns than the model takes are no problem: the model now serving may be older than one.
  if (all(names(columns) %in% names(table))) table <- table[names(columns)]
  x <- design_matrix(columns, table)
  last <- ncol(x)
  predicted <- stats::predict(model$fit, x[, -last, drop = FALSE])
  list(actual = x[, last], predicted = as.vector(predicted))
}

save_model <- function(model, folder) {
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  saveRDS(model$fit, file.path(folder, "model.rds"))
  columns <- lapply(unname(model$columns), function(column) {
    if (column$type == "category") column$levels <- I(column$levels) # an array, whatever its length
    column
  })
  metadata <- c(list(columns = columns), model$metadata)
  write_json(metadata, file.path(folder, "metadata.json"))
}

#' Loads what save_model wrote; a user_error names what is missing.
load_model <- function(folder) {
  files <- file.path(folder, c("model.rds", "metadata.json"))
  if (!all(file.exists(files))) {
    report(sprintf(
      "no model in %s: expected model.rds and metadata.json, found: %s",
      folder, toString(quoted(paste(list.files(folder), collapse = ", ")))
    ))
  }
  metadata <- jsonlite::fromJSON(read_text(files[2L]), simplifyDataFrame = FALSE)
  columns <- metadata$columns
  names(columns) <- vapply(columns, `[[`, "", "name")
  if (!identical(metadata$versions$mda, installed_version())) {
    message(sprintf(
      "the model was made by mda %s, this is mda %s", metadata$versions$mda, installed_version()
    ))
  }
  loadNamespace("mda") # registers predict() for it
  list(fit = readRDS(files[1L]), columns = columns, metadata = metadata)
}
