settings <- list(target = "Sepal.Length", degree = 2)
x <- model.matrix(~., iris[-1L])[, -1L]
by_hand <- mda::mars(x, iris$Sepal.Length, degree = 2)

test_that("the model is what mda::mars gives by hand", {
  model <- model_of(mars, iris_table, settings)
  expect_identical(model$fit$coefficients, by_hand$coefficients)
  expect_equal(model$metadata$metrics$train$rmse, sqrt(mean(residuals(by_hand)^2)))
  expect_identical(model$metadata$metrics$train$gcv, by_hand$gcv)
  expect_identical(mars$predict(model, iris_table[-1L]), as.vector(predict(by_hand, x)))
})

test_that("predictions are those of mda's predict to the last bit, whatever the model", {
  set.seed(7L)
  for (n in 1:60) {
    rows <- sample(c(20L, 200L), 1L)
    data <- data.frame(matrix(rnorm(rows * sample(1:4, 1L)), rows))
    data$kind <- factor(sample(letters[1:sample(2:4, 1L)], rows, replace = TRUE))
    target <- rowSums(abs(data[names(data) != "kind"])) * (1 + (data$kind == "a")) + rnorm(rows)
    # a penalty that is high prunes all terms but the intercept
    settings <- list(degree = sample(1:3, 1L), penalty = sample(c(2, 1e6), 1L, prob = c(9, 1)))
    fit <- environment(mars$predict)$learner$fit(data, target, settings)
    some <- data[sample(rows, sample(c(1L, 2L, rows), 1L)), , drop = FALSE]
    expected <- mda:::predict.mars(fit, design_matrix(some))
    expect_identical(environment(mars$predict)$learner$predict(fit, some), expected)
  }
})

test_that("a model of before, which kept no hinges, predicts the same", {
  model <- model_of(mars, iris_table, settings)
  of_before <- model
  of_before$fit$hinges <- NULL
  expect_identical(
    mars$predict(of_before, iris_table[-1L]), mars$predict(model, iris_table[-1L])
  )
})

test_that("a category without numbers works as the only feature", {
  model <- model_of(mars, iris_table[c("Sepal.Length", "Species")], settings)
  means <- as.vector(tapply(iris$Sepal.Length, iris$Species, mean))
  expect_equal(mars$predict(model, list(Species = levels(iris$Species))), means)
})

test_that("a saved model predicts the same, and does not grow with the data", {
  model <- model_of(mars, iris_table, settings)
  folder <- saved(mars, model)
  loaded <- mars$load(folder)
  expect_identical(mars$predict(loaded, iris_table[-1L]), mars$predict(model, iris_table[-1L]))
  expect_lt(sum(file.size(list.files(folder, full.names = TRUE))), 2000)
})

test_that("the log says how many terms the model has, and its gcv", {
  log <- training_log(model_of(mars, iris_table, settings))
  expect_identical(log[-2L], c(
    "rows: 150", "terms: 5", "train:rmse=0.301543884161119", "train:gcv=0.105889760710467"
  ))
})

test_that("every hyperparameter is an argument of mda::mars, or the target", {
  expect_true(all(setdiff(names(mars$hyperparameters), "target") %in% names(formals(mda::mars))))
})

test_that("a hyperparameter out of mars' bounds is refused", {
  given <- list(target = "y", degree = "0", nk = "2", penalty = "-1", thresh = "1", prune = "no")
  error <- expect_error(parse_hyperparameters(mars$hyperparameters, given), class = "user_error")
  for (part in c(
    "'degree': found '0', allowed: a whole number from 1 (the most variables in one term)",
    "'nk': found '2', allowed: a whole number from 3 (the most terms before pruning)",
    "'penalty': found '-1', allowed: a number from 0 (the cost of a degree of freedom)",
    "'thresh': found '1', allowed: a number from 0 and below 1 (the forward step stops below it)",
    "'prune': found 'no', allowed: true or false"
  )) expect_match(conditionMessage(error), part, fixed = TRUE)
})
