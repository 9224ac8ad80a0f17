four_rows <- c("a.csv" = "y,x\n1,1\n2,2\n4,3\n4,4\n")

test_that("a job that ends well writes a model, no failure, and is 0", {
  paths <- job("{\"target\": \"y\"}", four_rows)
  capture.output(code <- run_training(paths, linear))
  expect_identical(code, 0L)
  expect_setequal(list.files(paths$model), c("model.rds", "metadata.json"))
  expect_false(file.exists(paths$failure))
})

test_that("a job that fails writes the reason, no model, and is 1", {
  paths <- job("{\"target\": \"z\"}", "a.csv" = "y,x\n1,1\n2,2\n")
  expect_message(code <- run_training(paths, linear), "found 'z'")
  expect_identical(code, 1L)
  expect_match(read_text(paths$failure), "hyperparameter 'target': found 'z', allowed: a column")
  expect_false(dir.exists(paths$model))
})

test_that("an error of our own is told apart from the user's", {
  paths <- job("{\"target\": \"y\"}", four_rows)
  paths$model <- paths$hyperparameters # a file, where a folder must be
  expect_message(suppressWarnings(run_training(paths, linear)), "internal error")
  expect_match(read_text(paths$failure), "^internal error: ")
})

test_that("a validation channel is measured, and the model is the same", {
  paths <- job("{\"target\": \"y\"}", four_rows, validation = "x,y\n2,1\n4,7\n")
  log <- capture.output(code <- run_training(paths, linear))
  expect_identical(code, 0L)
  predicted <- linear$predict(linear$load(paths$model), list(x = c("2", "4")))
  expect_true(sprintf("validation:mae=%.15g", mean(abs(predicted - c(1, 7)))) %in% log)
  metrics <- jsonlite::fromJSON(file.path(paths$model, "metadata.json"))$metrics
  expect_equal(metrics$validation$rmse, sqrt(mean((predicted - c(1, 7))^2)))
  expect_named(metrics$train, c("rmse", "aic"))
})

test_that("a problem of the validation channel names it, and there is no model", {
  paths <- job("{\"target\": \"y\"}", four_rows, validation = "z\n2\n")
  expect_message(code <- run_training(paths, linear), "channel 'validation': column 'x' is missing")
  expect_identical(code, 1L)
  expect_false(dir.exists(paths$model))
})

test_that("a container that cannot be read is a reason, too", {
  paths <- job("{\"target\": \"y\"}", four_rows)
  program <- folder_with("model.R" = "stop('no such thing')")
  expect_message(code <- run_training(paths, read_task(program)), "no such thing")
  expect_identical(code, 1L)
  expect_match(read_text(paths$failure), "^internal error: model.R: no such thing")
})

test_that("a mistake in a container's own function is told with the function's name", {
  paths <- job("{\"target\": \"y\"}", four_rows)
  program <- folder_with("model.R" = paste(
    "helper <- function(data) vapply(data, function(values) mean(valeus), 0)",
    "fit_model <- function(data, target, settings) list(mean = helper(data))",
    "task <- regression('stats', list(), fit_model, function(fit, data) 1)",
    sep = "\n"
  ))
  expect_message(code <- run_training(paths, read_task(program)), "'valeus' not found")
  expect_identical(code, 1L)
  expect_identical(
    read_text(paths$failure), "internal error in helper(): object 'valeus' not found"
  )
})

test_that("a task is told of the instances that train together, and of shares of the data", {
  paths <- job("{\"target\": \"y\"}", four_rows)
  expect_identical(job_hosts(paths), list(hosts = "algo-1", host = "algo-1", sharded = FALSE))
  write_json(list(current_host = "algo-2", hosts = c("algo-1", "algo-2")), paths$resources)
  write_json(list(train = list(S3DistributionType = "ShardedByS3Key")), paths$channels)
  expected <- list(hosts = c("algo-1", "algo-2"), host = "algo-2", sharded = TRUE)
  expect_identical(job_hosts(paths), expected)
})

test_that("the log holds what a MetricDefinition looks for", {
  model <- model_of(linear, iris_table, list(target = "Sepal.Length"))
  fit <- lm(Sepal.Length ~ ., iris)
  expect_identical(training_log(model), c(
    "rows: 150",
    "columns: Sepal.Width, Petal.Length, Petal.Width, Species",
    "terms: 6",
    sprintf("train:rmse=%.15g", model$metadata$metrics$train$rmse),
    sprintf("train:aic=%.15g", model$metadata$metrics$train$aic)
  ))
  expect_equal(model$metadata$metrics$train$rmse, sqrt(mean(residuals(fit)^2)))
  expect_equal(model$metadata$metrics$train$aic, AIC(fit))
})

test_that("data without a header train the model of its first column", {
  paths <- job("{}", "a.csv" = "1,1\n2,2\n4,3\n4,4\n", validation = "2,1\n")
  type <- list(ContentType = "text/csv; header=absent")
  write_json(list(train = type, validation = type), paths$channels)
  log <- capture.output(code <- run_training(paths, linear))
  expect_identical(code, 0L)
  expect_true("header: absent" %in% log)
  model <- linear$load(paths$model)
  expect_identical(model$metadata$target, "1")
  expect_false(has_header(model))
  expect_named(model$columns, "2")
  expect_equal(linear$predict(model, list("2" = "2.5")), 2.75)
})

test_that("a reason has no more bytes than SageMaker shows, and whole characters", {
  file <- tempfile()
  expect_message(run_job(stop(strrep("\u20ac", 400L)), file), "\u20ac")
  expect_identical(read_text(file), paste0("internal error: ", strrep("\u20ac", 336L)))
})
