test_that("rows in any order are series in the order of time, sorted by their keys", {
  table <- lapply(two, rev)
  series <- read_series(table, settings)
  expect_identical(vapply(series, series_label, ""), c("flat, a", "line, b"))
  expect_identical(series[[2L]]$values, as.numeric(1:12))
  expect_identical(series[[2L]]$frequency, 4)
  expect_identical(format_periods(series[[1L]]$start, 12), "2001-01")
  expect_identical(series[[1L]]$keys, list(series = "flat", group = "a"))
})

test_that("series whose keys differ only by where a comma is are two", {
  table <- bound(
    rows_of(1:36, country = "Korea, South", name = "x"),
    rows_of(36:1, country = "Korea", name = "South, x")
  )
  series <- fitted_series(table, settings)
  expect_identical(vapply(series, series_label, ""), rep("Korea, South, x", 2L))
  expect_identical(lapply(series, `[[`, "values"), list(as.numeric(36:1), as.numeric(1:36)))
  model <- as_model(series, list())
  asked <- list(country = c("Korea, South", "Korea"), name = c("x", "South, x"), horizon = c(1, 1))
  expect_identical(read_request(model, asked)$at, 2:1)
  after <- bound(
    rows_of(0, "2004-01", country = "Korea, South", name = "x"),
    rows_of(0, "2004-01", country = "Korea", name = "South, x")
  )
  expect_identical(held_out_rows(series, key_columns(series), settings, after)$at, 2:1)
})

test_that("a table without keys is one series", {
  series <- read_series(rows_of(1:36), settings)
  expect_length(series, 1L)
  expect_identical(series_label(series[[1L]]), "the series")
})

test_that("all that is wrong is told at once: cells by row, the rest by series and period", {
  months <- rows_of(1:40, k = "gaps")
  gaps <- lapply(months, `[`, -c(5L, 20L, 21L, 22L))
  table <- bound(
    gaps,
    lapply(rows_of(1:40, k = "twice"), `[`, c(1:40, 7L)),
    rows_of(1:10, k = "short"),
    bound(rows_of(1:20, k = "mixed"), rows_of(1:20, "2003 Q1", k = "mixed")),
    rows_of(rep("9", 36), k = "cells")
  )
  at <- length(table$k) - 35L
  table$value[at] <- "many"
  table$period[at + 1L] <- "2001"
  table$k[at + 2L] <- ""
  error <- expect_error(read_series(table, settings), class = "user_error")
  for (part in c(
    sprintf("row %d, column 'value': found 'many', expected a number", at),
    sprintf("row %d, column 'period': found '2001', expected a month as 1961-01", at + 1L),
    sprintf("row %d, column 'k': found nothing, expected one of cells, gaps", at + 2L),
    "series 'gaps': 2001-05, 2002-08, 2002-09 and 1 more is missing",
    "series 'twice': 2001-07 is there twice",
    "series 'short': found 10 months, expected at least 36",
    "series 'mixed': found months and quarters, expected one of them"
  )) expect_match(conditionMessage(error), part, fixed = TRUE)
  expect_false(grepl("series 'cells'", conditionMessage(error), fixed = TRUE))
})

test_that("a series is long enough for two years beside what is held out", {
  held_out <- function(...) c(settings[names(settings) != "model"], list(...))
  expect_silent(read_series(rows_of(1:24), held_out(model = "ets")))
  expect_reported(read_series(rows_of(1:23), held_out(model = "ets")), "expected at least 24")
  expect_reported(read_series(rows_of(1:35), held_out(model = "best")), "expected at least 36")
  expect_reported(
    read_series(rows_of(1:9, "2001 Q1"), held_out(model = "arima", holdout = 2)),
    "found 9 quarters, expected at least 10"
  )
})

test_that("columns that cannot be what they are named as are reported", {
  expect_reported(
    read_series(two, utils::modifyList(settings, list(time = "when"))),
    "hyperparameter 'time': found 'when', allowed: a column of the data (period, value, series"
  )
  expect_reported(
    read_series(two, utils::modifyList(settings, list(time = "value"))),
    "hyperparameter 'time': found 'value', allowed: not the target's column"
  )
  expect_reported(
    read_series(c(two, list(mean = two$series)), settings),
    "column 'mean' has the name of a field of the answers"
  )
  expect_reported(read_series(lapply(two, `[`, 0L), settings), "found no rows of training data")
})
