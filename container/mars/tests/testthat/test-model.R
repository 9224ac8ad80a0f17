settings <- list(target = "Sepal.Length", degree = 2)
x <- model.matrix(~., iris[-1L])[, -1L]
by_hand <- mda::mars(x, iris$Sepal.Length, degree = 2)

test_that("the model is what mda::mars gives by hand", {
  model <- fit_model(iris_table, settings)
  expect_identical(model$fit$coefficients, by_hand$coefficients)
  expect_identical(model$metadata$metrics$train$rmse, sqrt(mean(residuals(by_hand)^2)))
  expect_identical(model$metadata$metrics$train$gcv, by_hand$gcv)
  expect_identical(predict_rows(model, iris_table[-1L]), as.vector(predict(by_hand, x)))
})

test_that("a category without numbers works as the only feature", {
  model <- fit_model(iris_table[c("Sepal.Length", "Species")], settings)
  means <- as.vector(tapply(iris$Sepal.Length, iris$Species, mean))
  expect_equal(predict_rows(model, list(Species = levels(iris$Species))), means)
})

test_that("rows with a target are compared by name, whatever else they hold", {
  model <- fit_model(iris_table, settings)
  rows <- compare_rows(model, c(list(id = rep("", 150L)), rev(iris_table)))
  expect_identical(rows$actual, iris$Sepal.Length)
  expect_identical(rows$predicted, predict_rows(model, iris_table[-1L]))
  expect_reported(compare_rows(model, iris_table[-1L]), "column 'Sepal.Length' is missing")
})

test_that("a saved model predicts the same, also with levels beyond ASCII", {
  table <- iris_table
  table$Species <- sub("virginica", "Bl\u00fcte, \"virginica\"", table$Species)
  model <- fit_model(table, settings)
  folder <- tempfile("model")
  save_model(model, folder)
  loaded <- load_model(folder)
  expect_identical(loaded$columns, model$columns)
  expect_identical(predict_rows(loaded, table[-1L]), predict_rows(model, table[-1L]))
})

test_that("the artifact does not grow with the data", {
  folder <- tempfile("model")
  save_model(fit_model(iris_table, settings), folder)
  expect_lt(sum(file.size(list.files(folder, full.names = TRUE))), 2000)
})

test_that("a missing model says what is missing and what is there", {
  expect_reported(
    load_model(folder_with("model.pkl" = "x")),
    "expected model.rds and metadata.json, found: 'model.pkl'"
  )
})

test_that("the log holds what a MetricDefinition looks for", {
  log <- training_log(fit_model(iris_table, settings))
  expect_true("train:rmse=0.301543884161119" %in% log)
  expect_true("rows: 150" %in% log)
  expect_true("terms: 5" %in% log)
})
