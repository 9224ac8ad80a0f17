# What fits and forecasts: Debian's r-cran-forecast, or fable of CRAN. The image's build argument
# ENGINE, which its programs find as an environment variable, says which.
#
# An engine is a list of
#   packages   those whose versions metadata.json has
#   fit(model, values, start, frequency, criterion, trend)  a fit of "ets" or "arima" to one series
#              whose first value is of the period `start` (periods.R); an error if there is none
#   forecast(fit, horizon)  a matrix of a row for each period ahead, with the columns mean, lower80,
#              upper80, lower95, upper95
#   fitted(fit)    the forecasts of the training data one period ahead, NA where there is none
#   describe(fit)  what was chosen, as "ETS(M,Ad,M)"

interval_levels <- c(80, 95)

# Functions, so that it does not matter in which order the files are read.
engines <- list(forecast = function() forecast_engine, fable = function() fable_engine)

#' The engine of this image: list(name, packages, fit, forecast, fitted, describe).
read_engine <- function(name = Sys.getenv("ENGINE", "forecast")) {
  if (!name %in% names(engines)) {
    report(sprintf(
      "build argument ENGINE: found %s, allowed: %s", quoted(name), toString(names(engines))
    ))
  }
  c(list(name = name), engines[[name]]())
}
