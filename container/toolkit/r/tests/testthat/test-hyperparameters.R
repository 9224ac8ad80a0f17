rules <- list(
  target = column_name("the name of the column to predict", position = 1L),
  degree = whole_number("the most variables in one term", from = 1),
  trees = whole_number("how many", from = 1, to = 1000, default = 500),
  thresh = number("the forward step stops below it", from = 0, below = 1),
  loss = choice(c("squared", "absolute")),
  prune = flag()
)

test_that("strings become values, defaults hold, and what has none stays out", {
  given <- list(thresh = "1e-4", target = "y", degree = "2", prune = "False", loss = "absolute")
  expected <- list(
    target = "y", degree = 2, trees = 500, thresh = 1e-4, loss = "absolute", prune = FALSE
  )
  expect_identical(parse_hyperparameters(rules, given), expected)
  expect_identical(
    parse_hyperparameters(rules, list(target = "y", trees = "7")), list(target = "y", trees = 7)
  )
})

test_that("every problem is reported at once with name, found and allowed", {
  given <- list(degree = "0", trees = "many", thresh = "1", loss = "?", prune = "yes", hue = "red")
  error <- expect_error(parse_hyperparameters(rules, given), class = "user_error")
  for (part in c(
    "'target': found nothing, allowed: the name of the column to predict",
    "'degree': found '0', allowed: a whole number from 1 (the most variables in one term)",
    "'trees': found 'many', allowed: a whole number from 1 to 1000 (how many)",
    "'thresh': found '1', allowed: a number from 0 and below 1 (the forward step stops below it)",
    "'loss': found '?', allowed: one of squared, absolute",
    "'prune': found 'yes', allowed: true or false",
    "'hue' is unknown, allowed: target, degree, trees, thresh, loss, prune"
  )) expect_match(conditionMessage(error), part, fixed = TRUE)
})

test_that("fractions, infinities and empty values are refused", {
  for (degree in c("1.5", "Inf", "NaN", "", "0x")) {
    given <- list(target = "y", degree = degree)
    expect_reported(parse_hyperparameters(rules, given), "'degree': found")
  }
  expect_reported(parse_hyperparameters(rules, list(target = "")), "'target': found nothing")
})

test_that("a range is said as far as there is one", {
  expect_identical(number("x")$allowed, "a number (x)")
  expect_identical(number("x", to = 2)$allowed, "a number up to 2 (x)")
  expect_identical(number("x", below = 2)$allowed, "a number below 2 (x)")
  expect_identical(whole_number("x", 1, 2)$allowed, "a whole number from 1 to 2 (x)")
})

test_that("what is required has to be given", {
  rules <- list(trees = whole_number("how many", required = TRUE))
  expect_reported(parse_hyperparameters(rules, list()), "'trees': found nothing, allowed: a whole")
})

test_that("without a header line, a column's position names it", {
  expect_identical(parse_hyperparameters(rules, list(), header = FALSE)$target, "1")
  expect_identical(parse_hyperparameters(rules, list(target = "3"), header = FALSE)$target, "3")
})

test_that("SageMaker's own names are let through", {
  given <- list(target = "y", `_tuning_objective_metric` = "rmse", sagemaker_region = "eu-west-1")
  expect_identical(parse_hyperparameters(rules["target"], given), list(target = "y"))
})
