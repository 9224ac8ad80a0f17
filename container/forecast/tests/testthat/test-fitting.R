flat_and_line <- read_series(two, settings)

test_that("best is the model that forecasts the held-out end better, fitted to all of the data", {
  series <- fit_all(flat_and_line, settings, quick_engine)
  expect_identical(vapply(series, `[[`, "", "chosen"), c("ets", "arima"))
  line <- series[[2L]]$models
  expect_identical(line$arima$holdout, c(0, 0, 0, 0))
  expect_identical(line$ets$holdout, 8 - c(9, 10, 11, 12))
  expect_identical(line$arima$forecast[1:2, "mean"], c(13, 14))
  expect_identical(line$arima$residuals, c(NA, rep(-1, 11L)))
})

test_that("one model is measured on a held-out end only if there is to be one", {
  ets <- utils::modifyList(settings, list(model = "ets"))
  expect_null(fit_all(flat_and_line, ets, quick_engine)[[1L]]$models$ets$holdout)
  with <- fit_all(flat_and_line, c(ets, holdout = 3), quick_engine)
  expect_identical(with[[2L]]$models$ets$holdout, 9 - c(10, 11, 12))
  expect_named(with[[2L]]$models, "ets")
})

test_that("forecasts are for five years, or for as long as is asked", {
  series <- fit_all(flat_and_line, settings, quick_engine)
  expect_identical(as_model(series, list())$limits, c(60L, 20L))
  series <- fit_all(flat_and_line, c(settings, horizon = 7), quick_engine)
  expect_identical(as_model(series, list())$limits, c(7L, 7L))
})

test_that("fits in parallel are the same as one by one", {
  expect_identical(
    fit_all(flat_and_line, settings, quick_engine, cores = 2L),
    fit_all(flat_and_line, settings, quick_engine, cores = 1L)
  )
})

test_that("every series that cannot be fitted is named, with the model and the reason", {
  series <- c(read_series(rows_of(c(666, 1:40), k = "hell"), settings), flat_and_line)
  error <- expect_error(fit_all(series, settings, quick_engine), class = "user_error")
  expect_identical(conditionMessage(error), paste(
    "series 'hell': the model ets could not be fitted: the number of the beast; series 'hell':",
    "the model arima could not be fitted: the number of the beast"
  ))
})

test_that("a process that dies names its series", {
  dying <- quick_engine
  dying$fit <- function(model, values, ...) {
    if (values[1L] == 1) tools::pskill(Sys.getpid(), tools::SIGKILL)
    quick_engine$fit(model, values, ...)
  }
  expect_error(
    suppressWarnings(fit_all(flat_and_line, settings, dying, cores = 2L)),
    "^series 'line, b': the model ets could not be fitted: its process ended",
    class = "user_error"
  )
})

test_that("a model whose forecasts are no numbers is not fitted", {
  endless <- quick_engine
  endless$forecast <- function(fit, horizon) quick_engine$forecast(fit, horizon) / 0
  expect_reported(fit_all(flat_and_line, settings, endless), "its forecasts are not finite")
})
