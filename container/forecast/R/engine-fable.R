# The engine of CRAN's fable: fable::ETS and fable::ARIMA. See engines.R.
#
# Written against the documentation of fable 0.4 and fabletools 0.5. Where this was written CRAN
# could not be reached: it has run only with stand-ins for the functions that it calls (see
# tests/testthat/test-engine-fable.R), never yet with fable itself.

fable_engine <- list(
  packages = c("fable", "fabletools", "tsibble"),
  fit = function(model, values, start, frequency, criterion, trend) {
    year <- start %/% frequency
    part <- start %% frequency + 1
    first <- if (frequency == 12) {
      tsibble::make_yearmonth(year = year, month = part)
    } else {
      tsibble::make_yearquarter(year = year, quarter = part)
    }
    period <- first + seq_along(values) - 1
    data <- tsibble::tsibble(period = period, value = values, index = period)
    definition <- switch(model,
      ets = fable_ets(criterion, trend),
      arima = fable_arima(values, frequency, criterion, trend)
    )
    fabletools::model(data, fit = definition, .safely = FALSE)
  },
  forecast = function(fit, horizon) {
    result <- fabletools::forecast(fit, h = horizon)
    at <- function(probability) stats::quantile(result$value, probability)
    cbind(
      mean = result$.mean,
      lower80 = at(0.1), upper80 = at(0.9),
      lower95 = at(0.025), upper95 = at(0.975)
    )
  },
  fitted = function(fit) stats::fitted(fit)$.fitted,
  describe = function(fit) fabletools::model_sum(fit$fit[[1L]])
)

fable_ets <- function(criterion, trend) {
  kinds <- list(auto = c("N", "A", "Ad"), none = "N", additive = "A", damped = "Ad")[[trend]]
  eval(bquote(fable::ETS(value ~ trend(.(kinds)), ic = .(criterion))))
}

#' As forecast's auto.arima under the same `trend`. Numbers of differences are given where one alone
#' is allowed; fable chooses by test among several.
fable_arima <- function(values, frequency, criterion, trend) {
  seasonal <- 0:1
  first <- switch(trend,
    auto = 0:2,
    additive = 1L,
    0:1
  )
  if (trend %in% c("none", "damped")) {
    seasonal <- 0L
    if (length(values) > 2 * frequency) {
      seasonal <- as.integer(feasts::unitroot_nsdiffs(values, .period = frequency))
    }
    if (seasonal > 0) first <- 0L
  }
  most <- if (trend %in% c("none", "damped")) 1 else 2
  eval(bquote(fable::ARIMA(
    value ~ pdq(d = .(first)) + PDQ(D = .(seasonal)),
    ic = .(criterion),
    order_constraint = p + q + P + Q <= 6 & (constant + d + D <= .(most))
  )))
}
