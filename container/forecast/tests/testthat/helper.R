withr::with_dir("../../toolkit/tests/testthat", source("helper.R"))
for (file in list.files("../../R", full.names = TRUE)) source(file)
source("../../model.R")

settings <- list(
  target = "value", time = "period", model = "best", criterion = "aicc", trend = "auto"
)

#' A table of one series: the values from the period on, with these keys.
rows_of <- function(values, first = "2001-01", ...) {
  start <- parse_periods(first)
  number <- start$number + seq_along(values) - 1
  periods <- if (length(values) > 0L) format_periods(number, start$frequency) else character()
  c(
    list(period = periods, value = as.character(values)),
    lapply(list(...), rep, length(values))
  )
}

#' Tables one below the other.
bound <- function(...) do.call(Map, c(list(f = c), list(...)))

#' An engine that takes no time: ets forecasts the last value, arima goes on as the last step did.
#' Intervals are 1 and 2 wide on either side. A value of 666 cannot be fitted.
quick_engine <- list(
  name = "forecast", packages = "stats",
  fit = function(model, values, start, frequency, criterion, trend) {
    if (666 %in% values) stop("the number of the beast")
    list(
      model = model, last = values[length(values)], values = values,
      step = if (model == "arima") diff(utils::tail(values, 2L)) else 0
    )
  },
  forecast = function(fit, horizon) {
    mean <- fit$last + fit$step * seq_len(horizon)
    cbind(mean, lower80 = mean - 1, upper80 = mean + 1, lower95 = mean - 2, upper95 = mean + 2)
  },
  fitted = function(fit) c(NA, fit$values[-length(fit$values)]),
  describe = function(fit) toupper(fit$model)
)

#' Series of a table, fitted by the quick engine.
fitted_series <- function(table, settings, ...) {
  fit_all(read_series(table, settings), settings, quick_engine, ...)
}

two <- bound(
  rows_of(rep(c(5, 7), 18), series = "flat", group = "a"),
  rows_of(1:12, "2001 Q1", series = "line", group = "b")
)

#' A model of `two`, as it is loaded.
quick_model <- function() {
  as_model(fitted_series(two, settings), list(hyperparameters = settings, engine = "forecast"))
}
