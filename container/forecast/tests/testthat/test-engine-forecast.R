engine <- read_engine("forecast")
passengers <- function(model, trend = "auto", criterion = "aicc") {
  engine$fit(model, as.vector(AirPassengers), 1949 * 12, 12, criterion, trend)
}

test_that("fits and forecasts are those of the package by hand", {
  by_hand <- list(ets = forecast::ets(AirPassengers), arima = forecast::auto.arima(AirPassengers))
  for (model in models) {
    fit <- passengers(model)
    expected <- forecast::forecast(by_hand[[model]], h = 5, level = c(80, 95))
    found <- whole_forecast(engine$forecast(fit, 5))
    expect_equal(found[, "mean"], as.vector(expected$mean))
    for (level in 1:2) {
      expect_equal(unname(found[, 2 * level]), as.vector(expected$lower[, level]))
      expect_equal(unname(found[, 2 * level + 1]), as.vector(expected$upper[, level]))
    }
    expect_equal(engine$fitted(fit), as.vector(fitted(by_hand[[model]])))
  }
  expect_identical(engine$describe(passengers("ets")), "ETS(M,Ad,M)")
  expect_identical(engine$describe(passengers("arima")), "ARIMA(2,1,1)(0,1,0)[12]")
})

test_that("the trend of ETS is the one asked for", {
  expect_match(engine$describe(passengers("ets", "none")), "^ETS\\(.,N,.\\)$")
  expect_match(engine$describe(passengers("ets", "additive")), "^ETS\\(.,A,.\\)$")
  # a series that would not be damped by itself
  gas <- engine$fit("ets", as.vector(UKgas), 1960 * 4, 4, "aicc", "damped")
  expect_match(engine$describe(gas), "^ETS\\(.,Ad,.\\)$")
})

test_that("ARIMA without a trend differs once at most, and has no drift", {
  for (trend in c("none", "damped")) {
    expect_identical(engine$describe(passengers("arima", trend)), "ARIMA(2,0,0)(0,1,0)[12]")
  }
  # a line without seasons, which has a drift if it may
  set.seed(1L)
  line <- cumsum(1 + stats::rnorm(80L))
  described <- function(trend) {
    engine$describe(engine$fit("arima", line, 2000 * 4, 4, "aicc", trend))
  }
  expect_match(described("auto"), "^ARIMA\\(.,1,.\\).*with drift")
  expect_match(described("none"), "^ARIMA\\(.,1,.\\)")
  expect_false(grepl("drift", described("none")))
})

test_that("ARIMA with an additive trend has a first difference", {
  fit <- engine$fit("arima", as.vector(ldeaths), 1974 * 12, 12, "aicc", "additive")
  expect_match(engine$describe(fit), "^ARIMA\\(.,1,.\\)")
  expect_match(engine$describe(passengers("arima", "additive")), "^ARIMA\\(.,1,.\\)")
})

test_that("the criterion decides", {
  forms <- vapply(c("aic", "aicc", "bic"), function(criterion) {
    engine$describe(passengers("arima", criterion = criterion))
  }, "")
  expect_length(unique(forms), 3L)
  deaths <- vapply(c("aicc", "bic"), function(criterion) {
    engine$describe(engine$fit("ets", as.vector(mdeaths), 1974 * 12, 12, criterion, "auto"))
  }, "")
  expect_identical(unname(deaths), c("ETS(M,A,A)", "ETS(M,N,M)"))
})

test_that("a fit keeps its data once", {
  expect_lt(length(serialize(passengers("ets"), NULL)), 60000)
})

test_that("an engine that is none is refused", {
  expect_reported(
    read_engine("prophet"), "build argument ENGINE: found 'prophet', allowed: forecast, fable"
  )
})
