# The engine of Debian's r-cran-forecast: forecast::ets and forecast::auto.arima. See engines.R.

forecast_engine <- list(
  packages = "forecast",
  fit = function(model, values, start, frequency, criterion, trend) {
    series <- stats::ts(values, frequency = frequency, start = start / frequency)
    arguments <- switch(model,
      ets = switch(trend,
        auto = list(),
        none = list(model = "ZNZ"),
        additive = list(model = "ZAZ", damped = FALSE),
        damped = list(model = "ZAZ", damped = TRUE)
      ),
      arima = switch(trend,
        auto = list(),
        additive = list(d = 1L),
        none = ,
        damped = one_difference(series)
      )
    )
    # by their names, as a fit keeps its call, which would hold the data and the function otherwise
    fitter <- list(ets = quote(forecast::ets), arima = quote(forecast::auto.arima))[[model]]
    eval(as.call(c(list(fitter, quote(series), ic = criterion), arguments)))
  },
  forecast = function(fit, horizon) {
    result <- forecast::forecast(fit, h = horizon, level = interval_levels)
    cbind(
      mean = result$mean,
      lower80 = result$lower[, 1L], upper80 = result$upper[, 1L],
      lower95 = result$lower[, 2L], upper95 = result$upper[, 2L]
    )
  },
  fitted = function(fit) as.vector(stats::fitted(fit)),
  describe = function(fit) if (inherits(fit, "ets")) fit$method else as.character(fit)
)

#' The arguments of auto.arima for at most one difference, of seasons before of neighbours, and no
#' drift: what such a model has grown lately fades out.
one_difference <- function(series) {
  long <- length(series) > 2 * stats::frequency(series)
  seasonal <- if (long) forecast::nsdiffs(series) else 0L
  if (seasonal > 0) {
    list(D = 1L, d = 0L, allowdrift = FALSE)
  } else {
    list(D = 0L, max.d = 1L, allowdrift = FALSE)
  }
}
