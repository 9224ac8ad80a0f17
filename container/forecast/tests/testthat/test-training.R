test_that("a job of real data leaves a model that forecasts it", {
  months <- format_periods(1974 * 12 + 0:71, 12)
  text <- format_csv(list(month = months, deaths = as_decimal(ldeaths), sex = rep("both", 72)))
  paths <- job("{\"target\": \"deaths\", \"time\": \"month\", \"model\": \"ets\"}", "a.csv" = text)
  log <- capture.output(code <- run_training(paths, read_task("../..")))
  expect_identical(code, 0L)
  expect_true("both: ETS(M,N,M)" %in% log)
  expect_true("engine: forecast" %in% log)
  expect_length(grep("^train:(rmse|mae|mase)=[0-9.]+$", log), 3L)
  model <- task$load(paths$model)
  found <- task$predict(model, list(sex = "both", horizon = 2))
  expected <- forecast::forecast(forecast::ets(ldeaths), h = 2)$mean
  expect_equal(model$series[[found$at]]$models$ets$forecast[1:2, "mean"], as.vector(expected))
})

test_that("the held-out end is measured as the package does by hand", {
  months <- format_periods(1949 * 12 + 0:143, 12)
  text <- format_csv(list(month = months, passengers = as_decimal(AirPassengers)))
  given <- list(target = "passengers", time = "month", model = "ets", holdout = 12)
  paths <- job(as_json(given), "a.csv" = text)
  capture.output(code <- run_training(paths, task))
  expect_identical(code, 0L)
  earlier <- stats::window(AirPassengers, end = c(1959, 12))
  by_hand <- forecast::forecast(forecast::ets(earlier), h = 12)
  expected <- forecast::accuracy(by_hand, AirPassengers)["Test set", c("RMSE", "MAE", "MASE")]
  expect_equal(unlist(task$load(paths$model)$metadata$metrics$holdout), c(
    rmse = expected[["RMSE"]], mae = expected[["MAE"]], mase = expected[["MASE"]]
  ))
})

test_that("data without a header have the value first and the period second", {
  text <- paste0(c(ldeaths), ",", format_periods(1974 * 12 + 0:71, 12), ",both\n", collapse = "")
  paths <- job("{\"model\": \"ets\"}", "a.csv" = text)
  write_json(list(train = list(ContentType = "text/csv; header=absent")), paths$channels)
  capture.output(code <- run_training(paths, task))
  expect_identical(code, 0L)
  model <- task$load(paths$model)
  expect_named(model$columns, c("3", "horizon"))
  answer <- invoke(task, model, charToRaw("both,1\n"), "text/csv")
  expect_match(answer[[1L]], "^both,1980-01,[0-9.,]+\n$")
})

test_that("the example that proves a model before it serves is answered", {
  model <- quick_model()
  expect_identical(task$predict(model, task$example(model))$horizon, 1L)
})
