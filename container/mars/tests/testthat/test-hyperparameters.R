test_that("strings become values, and what is not given stays out", {
  given <- list(target = "y", degree = "2", thresh = "1e-4", prune = "False")
  expect_identical(
    parse_hyperparameters(given),
    list(target = "y", degree = 2, thresh = 1e-4, prune = FALSE)
  )
})

test_that("every problem is reported at once with name, found and allowed", {
  given <- list(degree = "0", nk = "many", prune = "yes", colour = "red")
  error <- expect_error(parse_hyperparameters(given), class = "user_error")
  for (part in c(
    "'target': found nothing, allowed: the name of the column",
    "'degree': found '0', allowed: a whole number from 1",
    "'nk': found 'many', allowed: a whole number from 3",
    "'prune': found 'yes', allowed: true or false",
    "'colour' is unknown, allowed: target, degree, nk, penalty, thresh, prune"
  )) expect_match(conditionMessage(error), part, fixed = TRUE)
})

test_that("fractions, infinities and empty values are refused", {
  for (degree in c("1.5", "Inf", "NaN", "")) {
    expect_reported(parse_hyperparameters(list(target = "y", degree = degree)), "'degree': found")
  }
  expect_reported(parse_hyperparameters(list(target = "")), "'target': found nothing")
})

test_that("SageMaker's own names are let through", {
  given <- list(target = "y", `_tuning_objective_metric` = "rmse", sagemaker_region = "eu-west-1")
  expect_identical(parse_hyperparameters(given), list(target = "y"))
})

test_that("every allowed name is an argument of mda::mars, or the target", {
  expect_true(all(setdiff(names(hyperparameter_rules), "target") %in% names(formals(mda::mars))))
})
