# Forecasts of monthly and quarterly series: ETS and ARIMA for each series of a table.
#
# The data are rows of time, value and any number of other columns, the keys, which say together
# which series a row is of. Time is a month ("1961-01", or any day of it) or a quarter ("1961 Q1").
# Each series has every period from its first to its last once, in any order, for two years at
# least.
#
# `model`    ets, arima, or best: for each series the one of both whose forecasts of the held-out
#            end of its training data have the smaller RMSE. It is fitted to all of the data then.
# `holdout`  the periods of that end; a year by default. With ets or arima it is only measured, as
#            holdout:rmse, mae and mase, and only if it is given: what a tuning job can minimize.
# `trend`            ETS                             ARIMA
#   auto       none, additive or damped,       differences by unit root tests, a drift by
#              whichever the criterion says    the criterion
#   none       none                            one difference at most and no drift
#   additive   goes on for ever                a first difference, and a drift where seasons are not
#                                              differenced, too, if the criterion says so
#   damped     fades out                       as none: what has grown lately fades out
# `criterion`  what the forms of a model are compared by.
# `horizon`  the most periods ahead that a request may ask for.
#
# Each of several instances fits its share of the series, and measures that share alone: all log
# train:, holdout: and validation: metrics, each of its own, so that a tuning job had better train
# on one. metadata.json has the metrics of the first one, whose `share` it names.
#
# A request's rows are the keys and `horizon`. Engines: see R/engines.R.

hyperparameters <- list(
  target = column_name("the name of the column of values", position = 1L),
  time = column_name("the name of the column of months or quarters", position = 2L),
  model = choice(c("best", "ets", "arima"), default = "best"),
  criterion = choice(c("aicc", "aic", "bic"), default = "aicc"),
  trend = choice(c("auto", "none", "additive", "damped"), default = "auto"),
  holdout = whole_number("periods at the end of each series; a year by default", from = 1),
  horizon = whole_number("periods ahead; five years by default", from = 1, to = 1000)
)

engine <- read_engine()

#' Fits this instance's series. Data that is not shared out by S3 key is on each instance, which
#' then takes its share of the series.
train_forecasts <- function(job) {
  series <- read_series(job$channels$train, job$settings)
  if (!job$sharded) {
    share <- (seq_along(series) - 1L) %% length(job$hosts) + 1L
    series <- series[share == match(job$host, job$hosts)]
  }
  series <- fit_all(series, job$settings, engine)
  naive <- vapply(series, naive_error, 0)
  held_out <- lapply(series, function(one) chosen(one)$holdout)
  metrics <- list(
    train = overall_accuracy(lapply(series, function(one) chosen(one)$residuals), naive),
    # in what the models that were compared had seen
    holdout = overall_accuracy(held_out, mapply(naive_error, series, lengths(held_out)))
  )
  if (!is.null(job$channels$validation)) {
    metrics$validation <- problems_in("channel 'validation'", {
      validate(series, naive, job)
    })
  }
  for (one in series) cat(sprintf("%s: %s\n", series_label(one), chosen(one)$is))
  metadata <- c(
    list(
      time = job$settings$time, target = job$settings$target, engine = engine$name,
      hyperparameters = job$settings, rows = length(job$channels$train[[1L]]),
      series = length(series)
    ),
    share_of(job),
    list(
      metrics = Filter(Negate(is.null), metrics),
      versions = c(list(R = version_of("base")), engine_versions(engine))
    )
  )
  c(as_model(series, metadata), list(host = job$host, hosts = job$hosts))
}

#' Whose series were measured, where they are not all.
share_of <- function(job) {
  count <- length(job$hosts)
  if (count > 1L) list(share = sprintf("the series of %s, one of %d instances", job$host, count))
}

#' The metrics of the validation data, of which one of several instances measures its own series.
validate <- function(series, naive, job) {
  table <- job$channels$validation
  keys <- key_columns(series)
  if (length(job$hosts) > 1L && all(names(keys) %in% names(table))) {
    ids <- series_ids(table[names(keys)], length(table[[1L]]))
    own <- ids %in% vapply(series, series_id, "")
    if (!any(own)) return(NULL)
    table <- lapply(table, `[`, own)
  }
  rows <- held_out_rows(series, keys, job$settings, table)
  overall_accuracy(errors_of(series, rows), naive)
}

#' The metrics of held-out periods, each series' own beside them, the forecasts, and the picture.
evaluate_forecasts <- function(model, table, unit) {
  settings <- model$metadata$hyperparameters
  rows <- held_out_rows(model$series, key_columns(model$series), settings, table)
  naive <- vapply(model$series, naive_error, 0)
  metrics <- overall_accuracy(errors_of(model$series, rows), naive)
  list(
    metrics = metrics,
    facts = list(rows = length(rows$at), series = length(unique(rows$at))),
    files = list(
      report.png = function(file) draw_forecasts(file, model$series, rows, metrics),
      accuracy.csv = function(file) write_csv(accuracy_table(model$series, rows), file),
      predictions.csv = function(file) write_csv(forecast_table(model$series, table, rows), file)
    )
  )
}

#' The held-out rows as they came, with the forecasts of their periods beside them.
forecast_table <- function(series, table, rows) {
  forecasts <- row_forecasts(series, rows)
  columns <- lapply(stats::setNames(nm = colnames(forecasts)), function(name) {
    as_decimal(forecasts[, name])
  })
  model <- vapply(series, `[[`, "", "chosen")[rows$at]
  error <- as_decimal(forecasts[, "mean"] - rows$actual)
  columns <- c(table, list(model = model), columns, list(error = error))
  stats::setNames(columns, make.unique(names(columns))) # time and target may have any name
}

task <- new_task(
  hyperparameters = hyperparameters,
  train = train_forecasts,
  save = save_forecasts,
  load = function(folder) load_forecasts(engine, folder),
  example = function(model) c(model$series[[1L]]$keys, list(horizon = "1")),
  predict = read_request,
  writers = forecast_writers,
  evaluate = evaluate_forecasts
)
