four_rows <- c("a.csv" = "y,x\n1,1\n2,2\n4,3\n4,4\n")

test_that("a job that ends well writes a model, no failure, and is 0", {
  paths <- job("{\"target\": \"y\"}", four_rows)
  capture.output(code <- run_training(paths))
  expect_identical(code, 0L)
  expect_setequal(list.files(paths$model), c("model.rds", "metadata.json"))
  expect_false(file.exists(paths$failure))
})

test_that("a job that fails writes the reason, no model, and is 1", {
  paths <- job("{\"target\": \"z\"}", "a.csv" = "y,x\n1,1\n2,2\n")
  expect_message(code <- run_training(paths), "found 'z'")
  expect_identical(code, 1L)
  expect_match(read_text(paths$failure), "hyperparameter 'target': found 'z', allowed: a column")
  expect_false(dir.exists(paths$model))
})

test_that("an error of our own is told apart from the user's", {
  paths <- job("{\"target\": \"y\"}", four_rows)
  paths$model <- paths$hyperparameters # a file, where a folder must be
  expect_message(suppressWarnings(run_training(paths)), "internal error")
  expect_match(read_text(paths$failure), "^internal error: ")
})

test_that("a validation channel is measured, and the model is the same", {
  paths <- job("{\"target\": \"y\"}", four_rows, validation = "x,y\n2,1\n4,7\n")
  log <- capture.output(code <- run_training(paths))
  expect_identical(code, 0L)
  predicted <- predict_rows(load_model(paths$model), list(x = c("2", "4")))
  expect_true(sprintf("validation:mae=%.15g", mean(abs(predicted - c(1, 7)))) %in% log)
  metrics <- jsonlite::fromJSON(file.path(paths$model, "metadata.json"))$metrics
  expect_equal(metrics$validation$rmse, sqrt(mean((predicted - c(1, 7))^2)))
  expect_named(metrics$train, c("rmse", "gcv"))
})

test_that("a problem of the validation channel names it, and there is no model", {
  paths <- job("{\"target\": \"y\"}", four_rows, validation = "z\n2\n")
  expect_message(code <- run_training(paths), "channel 'validation': column 'x' is missing")
  expect_identical(code, 1L)
  expect_false(dir.exists(paths$model))
})

test_that("a reason has no more bytes than SageMaker shows, and whole characters", {
  file <- tempfile()
  expect_message(run_job(stop(strrep("\u20ac", 400L)), file), "\u20ac")
  expect_identical(read_text(file), paste0("internal error: ", strrep("\u20ac", 336L)))
})
