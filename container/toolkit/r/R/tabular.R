# How to write the model of a table: rows of features in, a number for each out.
#
# nolint start: commented_code_linter.
# A container in R is a folder with a Dockerfile, apt-packages.txt (Debian's packages that the model
# needs) and model.R, which says what the model is. Columns, types, checks, CSV, JSON, metrics, the
# report and the failure file are done here. A random forest's model.R is this, whole:
#
#   hyperparameters <- list(
#     ntree = whole_number("how many trees", from = 1, default = 500),
#     mtry = whole_number("the features tried at each split", from = 1)
#   )
#
#   fit_model <- function(data, target, settings) {
#     fit <- do.call(randomForest::randomForest, c(list(x = data, y = target), settings))
#     fit$call <- NULL # it holds the data
#     fit
#   }
#
#   predict_model <- function(fit, data) predict(fit, data)
#
#   task <- regression("randomForest", hyperparameters, fit_model, predict_model)
#
# regression() takes
#   package          the R package whose version is kept in the model's metadata.json, and compared
#                    when the model is loaded; several as c("a", "b")
#   hyperparameters  a named list of rules: number(), whole_number(), flag() or choice(), see
#                    hyperparameters.R. `target`, the column to predict, is always there.
#   fit_model(data, target, settings) returns the fit, any R object that saveRDS can keep
#     data           a data.frame of the features, as many rows as `target`, without missing values.
#                    Columns are numeric, or factors with the levels of the training data. Names are
#                    those of the data, whatever they are, so a formula is safest as
#                    lm(.target ~ ., cbind(.target = target, data))
#     target         a numeric vector
#     settings       the hyperparameters that were given or have a default, without `target`
#   predict_model(fit, data) returns a finite number for each row of `data`, which has the columns,
#                    types and levels that fit_model saw, and may have one row
#   facts(fit)       if given: a named list of what else metadata.json and the log should say
#   metrics(fit)     if given: a named list of the fit's own metrics beside train:rmse, as gcv
#
# The random numbers of a fit begin at the same seed each time. Keep a fit small: what predict()
# does not need (residuals, the call with its data) would be in every artifact. design_matrix(data)
# is there for models that want a matrix. report("...") tells a user what to mend, and ends the job.
# metadata.json keeps the features of the first row of the training data, its `example`: before a
# model serves, it has to predict that row.
# A task that is no regression is made by new_task(): see task.R.
# nolint end

#' The task of predicting a number for each row of a table.
regression <- function(package, hyperparameters, fit_model, predict_model,
                       facts = function(fit) list(), metrics = function(fit) list()) {
  stopifnot(!"target" %in% names(hyperparameters))
  target <- column_name("the name of the column to predict", position = 1L)
  learner <- list(
    package = package, fit = fit_model, predict = predict_model, facts = facts, metrics = metrics
  )
  new_task(
    hyperparameters = c(list(target = target), hyperparameters),
    train = function(job) train_regression(learner, job),
    save = save_regression,
    load = function(folder) load_regression(learner, folder),
    example = example_row,
    predict = function(model, table) predict_rows(learner, model, table),
    writers = number_writers,
    evaluate = function(model, table, unit) evaluate_regression(learner, model, table, unit)
  )
}

#' A row that the model can answer: the first of its training data, which metadata.json keeps. Zeros
#' may be nothing that a model is made for, as one of logarithms; they are what is left for a model
#' of before, which kept none.
example_row <- function(model) {
  row <- model$metadata$example
  if (is.null(row)) lapply(model$columns, function(column) c(column$levels, "0")[1L]) else row
}

#' A model of the job's data, measured on its validation data if there are any.
train_regression <- function(learner, job) {
  if (job$sharded && length(job$hosts) > 1L) {
    report(sprintf(
      "channel 'train': found S3DistributionType ShardedByS3Key on %d instances, expected %s",
      length(job$hosts), "FullyReplicated, or one instance"
    ))
  }
  model <- fit_table(learner, job$channels$train, job$settings)
  if (!is.null(job$channels$validation)) {
    rows <- problems_in("channel 'validation'", {
      compare_rows(learner, model, job$channels$validation)
    })
    model$metadata$metrics$validation <- regression_metrics(rows$actual, rows$predicted)
  }
  model
}

fit_table <- function(learner, table, settings) {
  columns <- describe_columns(table, settings$target)
  data <- suppressWarnings(typed_frame(columns, table))
  actual <- data[[settings$target]]
  data[[settings$target]] <- NULL
  set.seed(1L)
  fit <- learner$fit(data, actual, settings[names(settings) != "target"])
  predicted <- predict_frame(learner, fit, data)
  metrics <- list(train = c(
    list(rmse = regression_metrics(actual, predicted)$rmse), learner$metrics(fit)
  ))
  features <- columns[names(columns) != settings$target]
  list(
    fit = fit,
    columns = features,
    metadata = c(
      list(target = settings$target, hyperparameters = settings, rows = nrow(data)),
      list(example = lapply(table[names(features)], `[`, 1L)),
      learner$facts(fit),
      list(metrics = metrics, versions = c(list(R = version_of("base")), versions_of(learner)))
    )
  )
}

version_of <- function(package) as.character(utils::packageVersion(package))

versions_of <- function(learner) lapply(stats::setNames(nm = learner$package), version_of)

#' Predictions for columns that parse_csv or parse_instances read.
predict_rows <- function(learner, model, table) {
  predict_frame(learner, model$fit, typed_frame(model$columns, table))
}

predict_frame <- function(learner, fit, data) {
  predicted <- as.vector(learner$predict(fit, data))
  if (!is.numeric(predicted) || length(predicted) != count_rows(data)) {
    stop(sprintf(
      "predict_model returned %s, expected %d numbers",
      paste(utils::capture.output(utils::str(predicted)), collapse = " "), count_rows(data)
    ))
  }
  # of numbers that are huge, where they came from
  if (!all(is.finite(predicted))) {
    report(sprintf("row %d: the prediction is not a finite number", which(!is.finite(predicted))))
  }
  predicted
}

#' Predictions for rows whose target is known, beside it: list(actual, predicted).
compare_rows <- function(learner, model, table) {
  target <- model$metadata$target
  columns <- c(model$columns, stats::setNames(list(list(name = target, type = "number")), target))
  # More columns than the model takes are no problem: the model now serving may be older than one.
  if (all(names(columns) %in% names(table))) table <- pick_columns(table, names(columns))
  data <- suppressWarnings(typed_frame(columns, table))
  actual <- data[[target]]
  data[[target]] <- NULL
  list(actual = actual, predicted = predict_frame(learner, model$fit, data))
}

#' Keeps a model as model.rds beside metadata.json, which says what it takes.
save_regression <- function(model, folder, beside) {
  saveRDS(model$fit, file.path(folder, "model.rds"))
  columns <- lapply(unname(model$columns), function(column) {
    if (column$type == "category") column$levels <- I(column$levels) # an array, whatever its length
    column
  })
  write_json(c(list(columns = columns), model$metadata), file.path(folder, "metadata.json"))
}

#' Loads what save_regression wrote; a user_error names what is missing.
load_regression <- function(learner, folder) {
  files <- file.path(folder, c("model.rds", "metadata.json"))
  if (!all(file.exists(files))) {
    report(sprintf(
      "no model in %s: expected model.rds and metadata.json, found: %s",
      folder, toString(quoted(paste(list.files(folder), collapse = ", ")))
    ))
  }
  metadata <- read_json(files[2L], simplifyVector = TRUE, simplifyDataFrame = FALSE)
  columns <- metadata$columns
  names(columns) <- vapply(columns, `[[`, "", "name")
  tell_other_versions(metadata$versions, versions_of(learner))
  for (package in learner$package) loadNamespace(package) # registers predict() for it
  list(fit = read_rds(files[1L]), columns = columns, metadata = metadata)
}

tell_other_versions <- function(made_by, here) {
  for (package in names(here)) {
    if (!identical(made_by[[package]], here[[package]])) {
      message(sprintf(
        "the model was made by %1$s %2$s, this is %1$s %3$s",
        package, c(made_by[[package]], "unknown")[1L], here[[package]]
      ))
    }
  }
}

#' The metrics of held-out rows, the rows with their predictions, and the picture of both.
evaluate_regression <- function(learner, model, table, unit) {
  rows <- compare_rows(learner, model, table)
  metrics <- regression_metrics(rows$actual, rows$predicted)
  target <- model$metadata$target
  list(
    metrics = metrics,
    facts = list(rows = length(rows$actual), target = target),
    files = list(
      report.png = function(file) {
        group <- first_category(model$columns, table)
        write_report(file, rows, metrics, group, target, unit)
      },
      predictions.csv = function(file) write_predictions(file, table, rows)
    )
  )
}

#' The rows as they came, with `prediction` and `error`, which is prediction - target.
write_predictions <- function(file, table, rows) {
  columns <- c(table, list(
    prediction = as_decimal(rows$predicted), error = as_decimal(rows$predicted - rows$actual)
  ))
  names(columns) <- make.unique(names(columns)) # the data may have a column of that name
  write_csv(columns, file)
}

#' How numbers are written as an answer, by media type.
number_writers <- list(
  "application/json" = function(values, format) {
    sprintf("{\"predictions\":[%s]}", paste(as_decimal(values), collapse = ","))
  },
  "text/csv" = function(values, format) paste0(as_decimal(values), "\n", collapse = "")
)
