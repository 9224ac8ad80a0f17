test_that("months and quarters are counted, and written as they were", {
  months <- parse_periods(c("1961-01", "1961-1", "1960-12-31"))
  expect_identical(months$frequency, c(12, 12, 12))
  expect_identical(months$number, 1961 * 12 + c(0, 0, -1))
  expect_identical(format_periods(months$number, 12), c("1961-01", "1961-01", "1960-12"))
  quarters <- parse_periods(c("1961 Q1", "1960-q4", "1961Q1"))
  expect_identical(quarters$frequency, c(4, 4, 4))
  expect_identical(format_periods(quarters$number, 4), c("1961 Q1", "1960 Q4", "1961 Q1"))
})

test_that("anything else is no period", {
  wrong <- c("1961", "1961-13", "1961-00", "61-01", "1961 Q5", "1961-01-32", "", NA, "1961-01 x")
  expect_identical(parse_periods(wrong)$number, rep(NA_real_, length(wrong)))
})
