test_that("metrics are those worked out by hand", {
  expect_identical(
    accuracy(c(NA, 1, -3), 4), list(rmse = sqrt(5), mae = 2, mase = 0.5)
  )
  quarters <- list(values = c(1, 2, 3, 4, 2, 2, 4, 8), frequency = 4)
  expect_identical(naive_error(quarters), mean(c(1, 0, 1, 4)))
  expect_identical(naive_error(quarters, held_out = 2), mean(c(1, 0)))
  expect_identical(naive_error(list(values = rep(1, 9), frequency = 4)), NA_real_)
})

test_that("of all series, errors are pooled and MASE is the mean of theirs", {
  errors <- list(c(1, -1), numeric(), c(10, 10, 10), 3)
  expect_identical(overall_accuracy(errors, c(1, 1, 5, 0.5)), list(
    rmse = sqrt(311 / 6), mae = 35 / 6, mase = 3
  ))
  expect_identical(overall_accuracy(errors, c(1, 1, NA, NA))$mase, 1)
  expect_identical(overall_accuracy(errors, rep(NA_real_, 4L))$mase, NA_real_)
  expect_null(overall_accuracy(list(numeric()), 1))
})

series <- fitted_series(two, settings)
columns <- key_columns(series)
after <- bound(
  rows_of(c(9, 8), "2004-01", series = "flat", group = "a"),
  rows_of(c(13, 15), "2004 Q1", series = "line", group = "b")
)

test_that("held-out rows are compared with the forecasts of their periods", {
  rows <- held_out_rows(series, columns, settings, lapply(after, rev))
  expect_identical(rows$step, c(2, 1, 2, 1))
  expect_identical(errors_of(series, rows), list(c(-1, -2), c(-1, 0)))
})

test_that("held-out rows that fit no forecast are told by row, series and period", {
  table <- bound(
    rows_of(1, "2003-12", series = "flat", group = "a"),
    rows_of(1, "2009-01", series = "flat", group = "a"),
    rows_of(1, "2004-01", series = "flat", group = "b"),
    rows_of(1, "2004-01", series = "line", group = "b"),
    rows_of(c(1, 2), "2004-02", series = "flat", group = "a"),
    rows_of(3, "2004-03", series = "flat", group = "a"),
    rows_of("x", "2004-04", series = "flat", group = "c")
  )
  error <- expect_error(held_out_rows(series, columns, settings, table), class = "user_error")
  for (part in c(
    "row 8, column 'value': found 'x', expected a number",
    "row 8, column 'group': found 'c', expected one of a, b",
    "row 3, series 'flat, b': the model has no such series",
    "row 4, series 'line, b': found '2004-01', expected quarters as in the training data",
    "row 1, series 'flat, a': found 2003-12, expected 2004-01 to 2008-12, 60 months after the",
    "row 2, series 'flat, a': found 2009-01, expected 2004-01",
    "row 7, series 'flat, a': 2004-03 is there twice"
  )) expect_match(conditionMessage(error), part, fixed = TRUE)
  expect_reported(
    held_out_rows(series, columns, settings, after["series"]),
    "column 'group' is missing, found: series; column 'period' is missing"
  )
  expect_reported(held_out_rows(series, columns, settings, lapply(after, `[`, 0L)), "found no row")
})

test_that("accuracy is told by series and model", {
  table <- accuracy_table(series, held_out_rows(series, columns, settings, after))
  expect_identical(table$series, c("flat", "flat", "line", "line"))
  expect_identical(table$model, c("ets", "arima", "ets", "arima"))
  expect_identical(table$chosen, c("true", "false", "false", "true"))
  expect_identical(table$periods, rep("2", 4L))
  expect_identical(as.numeric(table$mae), c(1.5, mean(abs(c(0, 3))), 2, 0.5))
  # a MASE of 1 is a year of the line, 4; the flat one repeats itself, so it has none
  expect_identical(table$mase, c("NA", "NA", "0.5", "0.125"))
  expect_identical(as.numeric(table$within80), c(0.5, 0.5, 0.5, 1))
  expect_identical(as.numeric(table$within95), c(1, 0.5, 0.5, 1))
  below <- lapply(after, `[`, 1L)
  below$value <- "5.5"
  table <- accuracy_table(series, held_out_rows(series, columns, settings, below))
  expect_identical(table$within80[1L], "0")
  expect_identical(table$within95[1L], "1")
})
