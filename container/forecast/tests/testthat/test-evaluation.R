model <- quick_model()
after <- bound(
  rows_of(c(9, 8), "2004-01", series = "flat", group = "a"),
  rows_of(c(13, 15), "2004 Q1", series = "line", group = "b")
)
result <- evaluate_forecasts(model, after, "")

written <- function(name) {
  file <- tempfile()
  result$files[[name]](file)
  file
}

test_that("metrics are those of the models that answer", {
  expect_identical(result$metrics$mae, mean(c(2, 1, 0, 1)))
  expect_identical(result$facts, list(rows = 4L, series = 2L))
})

test_that("predictions are beside the rows they are for", {
  table <- parse_csv(read_text(written("predictions.csv")))
  expect_identical(table[names(after)], after)
  expect_identical(table$mean, c("7", "7", "13", "14"))
  expect_identical(table$upper95, c("9", "9", "15", "16"))
  expect_identical(table$model, c("ets", "ets", "arima", "arima"))
  expect_identical(table$error, c("-2", "-1", "0", "-1"))
})

test_that("accuracy.csv has a line for each series and model", {
  table <- parse_csv(read_text(written("accuracy.csv")))
  expect_named(table, c(
    "series", "group", "model", "chosen", "is", "periods", "rmse", "mae", "mase", "within80",
    "within95"
  ))
  expect_length(table$model, 4L)
})

test_that("any number of series can be drawn, of the largest MASE when they are too many", {
  for (count in c(1L, 2L, 7L, 15L)) {
    names <- sprintf("series %02d", seq_len(count))
    table <- do.call(bound, lapply(names, function(name) rows_of(1:40, k = name)))
    series <- fitted_series(table, settings)
    # each is worse than the one before
    rest <- do.call(bound, lapply(seq_len(count), function(i) {
      rows_of(41 + i, "2004-05", k = names[i])
    }))
    rows <- held_out_rows(series, key_columns(series), settings, rest)
    file <- tempfile(fileext = ".png")
    metrics <- overall_accuracy(errors_of(series, rows), vapply(series, naive_error, 0))
    expect_silent(draw_forecasts(file, series, rows, metrics))
    expect_gt(file.size(file), 5000)
    expect_identical(panels_of(series, rows), utils::tail(seq_len(count), 12L))
  }
})

test_that("a heading says how many of the actual values were within the intervals", {
  rows <- held_out_rows(model$series, key_columns(model$series), settings, after)
  figures <- forecast_figures(model$series, rows, list(rmse = 2, mae = 1, mase = NA_real_))
  expect_identical(figures, c(
    "RMSE 2", "MAE 1", "75 % within the 80 % intervals", "100 % within the 95 % intervals"
  ))
})

test_that("a long name is cut to its panel", {
  open_picture(tempfile(), 400, 300)
  on.exit(grDevices::dev.off())
  graphics::plot.new()
  expect_identical(fitted_text("short", 1), "short")
  cut <- fitted_text(strrep("long ", 30L), 1)
  expect_match(cut, "^long .*\\.\\.\\.$")
  expect_lte(graphics::strwidth(cut, font = 2), 1.1)
})
