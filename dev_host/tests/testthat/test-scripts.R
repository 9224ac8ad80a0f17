predict_r <- functions_of("predict.R")
submit_r <- functions_of("submit.R")
prototype_r <- functions_of("prototype.R")
url <- "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/v1"

test_that("the API is where its URL says, and beside everything else of an embedded AWS", {
  expect_identical(predict_r$address_of(url, ""), url)
  local <- "http://127.0.0.1:4566/_aws/execute-api/a1b2c3/v1"
  expect_identical(predict_r$address_of(url, "http://127.0.0.1:4566"), local)
  expect_identical(predict_r$address_of(url, "http://127.0.0.1:4566/"), local)
})

test_that("a refusal is a line, of the proxy's words or API Gateway's", {
  refused <- function(text) predict_r$refusal(list(status = 404L, text = text))
  expect_identical(
    refused('{"detail": "there is no workload x", "allowed": ["a", "b"]}'),
    "the API answers 404: there is no workload x; allowed: a, b"
  )
  expect_identical(refused('{"message": "Forbidden"}'), "the API answers 404: Forbidden")
  expect_identical(refused("<html>"), "the API answers 404: <html>")
})

test_that("hyperparameters of the command line take the place of all in the script", {
  script <- list(
    workload = "a", model = "", wait = TRUE, job = "", hyperparameters = list(degree = 1)
  )
  settings <- submit_r$settings
  environment(settings) <- list2env(script, parent = globalenv())
  given <- function(...) read_arguments("", "workload", c(...))
  expect_identical(settings(given())$hyperparameters, list(degree = "1"))
  expect_identical(settings(given())$wait, TRUE)
  said <- settings(given("b", "penalty=3", "wait=no"))
  expect_identical(said$hyperparameters, list(penalty = "3"))
  expect_identical(said[c("workload", "wait", "job")], list(workload = "b", wait = FALSE, job = ""))
})

test_that("final metrics have their names", {
  job <- list(FinalMetricDataList = list(list(MetricName = "train:rmse", Value = 0.3)))
  expect_identical(submit_r$final_metrics(job), list(`train:rmse` = 0.3))
})

test_that("the worth of a model is that of its errors", {
  worth <- prototype_r$worth(c(1, 2, 3), c(1, 2, 5))
  expect_equal(worth, c(rmse = sqrt(4 / 3), mae = 2 / 3, max_error = 2, r2 = -1))
})

test_that("a design has a 0/1 column for each value of a category but the first", {
  rows <- data.frame(y = 1:3, a = 4:6, b = factor(c("u", "v", "w")))
  expect_identical(colnames(prototype_r$design(rows, "y")), c("a", "bv", "bw"))
})

test_that("only numbers can be fitted", {
  rows <- data.frame(y = 1, b = factor("u"))
  expect_identical(prototype_r$target_column(rows, "y"), "y")
  expect_error(prototype_r$target_column(rows, "b"), "^target: found \"b\", a column of text")
  expect_error(prototype_r$target_column(rows, "c"), "^target: found \"c\"; allowed: y, b$")
})
