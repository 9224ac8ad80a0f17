test_that("metrics are those worked out by hand", {
  metrics <- regression_metrics(c(1, 2, 3, 6), c(2, 2, 3, 4))
  expect_equal(metrics, list(rmse = sqrt(5 / 4), mae = 3 / 4, r2 = 1 - 5 / 14, max_error = 2))
})

test_that("r2 is that of a linear model where the fit is one", {
  fit <- lm(Sepal.Length ~ ., iris)
  expect_equal(regression_metrics(iris$Sepal.Length, fitted(fit))$r2, summary(fit)$r.squared)
})

test_that("a target that does not vary has no r2, and nothing that a regex takes for a number", {
  metrics <- regression_metrics(c(2, 2), c(1, 3))
  expect_identical(metrics$r2, NA_real_)
  expect_identical(as_json(metrics["r2"]), "{\"r2\":null}")
  expect_identical(
    metric_lines("test", metrics), c("test:rmse=1", "test:mae=1", "test:r2=NA", "test:max_error=1")
  )
})
