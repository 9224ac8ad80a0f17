settings <- list(target = "Sepal.Length")

test_that("a model predicts as its package does by hand", {
  model <- model_of(linear, iris_table, settings)
  by_hand <- predict(lm(Sepal.Length ~ ., iris))
  expect_equal(linear$predict(model, iris_table[-1L]), unname(by_hand))
  weighted <- model_of(linear, iris_table, c(settings, weight = 0))
  expect_equal(
    linear$predict(weighted, iris_table[-1L]),
    unname(predict(lm(Sepal.Length ~ ., iris[-150L, ]), iris))
  )
})

test_that("rows with a target are compared by name, whatever else they hold", {
  model <- model_of(linear, iris_table, settings)
  wide <- c(list(id = rep("", 150L)), rev(iris_table))
  expect_identical(
    linear$evaluate(model, wide, "")$metrics, linear$evaluate(model, iris_table, "")$metrics
  )
  expect_reported(
    linear$evaluate(model, iris_table[-1L], ""), "column 'Sepal.Length' is missing"
  )
})

test_that("a saved model predicts the same, also with levels beyond ASCII", {
  table <- iris_table
  table$Species <- sub("virginica", "Bl\u00fcte, \"virginica\"", table$Species)
  model <- model_of(linear, table, settings)
  loaded <- linear$load(saved(linear, model))
  expect_identical(loaded$columns, model$columns)
  expect_equal(linear$predict(loaded, table[-1L]), linear$predict(model, table[-1L]))
})

test_that("a model that knows no zero proves itself on a row of its training data", {
  logarithm <- regression(
    "stats", list(),
    fit_model = function(data, target, settings) {
      stats::lm(.target ~ log(x) + kind, cbind(.target = target, data))
    },
    predict_model = function(fit, data) stats::predict(fit, data)
  )
  table <- list(x = c("1", "2", "4", "9"), y = c("1", "3", "4", "7"), kind = c("b", "a", "a", "b"))
  folder <- saved(logarithm, model_of(logarithm, table, list(target = "y")))
  loaded <- logarithm$load(folder)
  expect_identical(logarithm$example(loaded), list(x = "1", kind = "b"))
  expect_length(logarithm$predict(loaded, logarithm$example(loaded)), 1L)
})

test_that("a model of before, without such a row, proves itself on zeros and first levels", {
  folder <- saved(linear, model_of(linear, iris_table, settings))
  file <- file.path(folder, "metadata.json")
  metadata <- read_json(file)
  metadata$example <- NULL
  write_json(metadata, file)
  loaded <- linear$load(folder)
  expect_identical(linear$example(loaded)[c(1L, 4L)], list(Sepal.Width = "0", Species = "setosa"))
  expect_length(linear$predict(loaded, linear$example(loaded)), 1L)
})

test_that("metadata say what the model takes and what made it", {
  model <- model_of(linear, iris_table, settings)
  expect_identical(
    model$metadata[c("target", "hyperparameters", "rows", "terms")],
    list(target = "Sepal.Length", hyperparameters = settings, rows = 150L, terms = 6L)
  )
  version <- as.character(getRversion())
  expect_identical(model$metadata$versions, list(R = version, stats = version))
})

test_that("a model made by another version of its package says so", {
  folder <- saved(linear, model_of(linear, iris_table, settings))
  expect_silent(linear$load(folder))
  file <- file.path(folder, "metadata.json")
  text <- sub("\"stats\": \"[^\"]*\"", "\"stats\": \"0.1\"", readLines(file))
  writeLines(text, file)
  expect_message(linear$load(folder), "the model was made by stats 0.1, this is stats 4")
})

test_that("a missing model says what is missing and what is there", {
  expect_reported(
    linear$load(folder_with("model.pkl" = "x")),
    "expected model.rds and metadata.json, found: 'model.pkl'"
  )
})

test_that("a model of shares of the data on several instances is refused", {
  job <- list(settings = settings, channels = list(train = iris_table), hosts = c("a", "b"))
  expect_reported(
    linear$train(c(job, sharded = TRUE)),
    "found S3DistributionType ShardedByS3Key on 2 instances, expected FullyReplicated"
  )
  expect_identical(linear$train(c(job, sharded = FALSE))$metadata$rows, 150L)
})

test_that("a fit draws the same random numbers each time", {
  noise <- regression(
    "stats", list(),
    fit_model = function(data, target, settings) runif(1L),
    predict_model = function(fit, data) rep(fit, nrow(data))
  )
  models <- replicate(2L, model_of(noise, iris_table, settings), simplify = FALSE)
  expect_identical(models[[1L]]$fit, models[[2L]]$fit)
})

test_that("a model that does not predict a finite number for each row is told of", {
  task <- function(values) {
    regression("stats", list(), function(...) NULL, function(fit, data) values)
  }
  for (values in list(1:2, letters)) {
    expect_error(
      model_of(task(values), iris_table, settings),
      "predict_model returned .*, expected 150 numbers"
    )
  }
  expect_reported(
    model_of(task(c(1:149, Inf)), iris_table, settings),
    "row 150: the prediction is not a finite number"
  )
})

test_that("a damaged file of a model is named", {
  for (name in c("model.rds", "metadata.json")) {
    folder <- saved(linear, model_of(linear, iris_table, settings))
    writeLines("%s%n damaged", file.path(folder, name))
    expect_reported(linear$load(folder), paste0(name, ": "))
  }
})

test_that("what a container defines changes nothing in the toolkit", {
  program <- folder_with("model.R" = paste(
    "report <- function(...) stop('mine')",
    "task <- regression('stats', list(), function(...) NULL, function(...) 1)",
    sep = "\n"
  ))
  expect_reported(model_of(read_task(program), iris_table, list(target = "z")), "found 'z'")
})

test_that("a container's folder R/ is read before its model.R", {
  program <- folder_with("model.R" = "task <- help()")
  dir.create(file.path(program, "R"))
  writeLines("help <- function() 'helped'", file.path(program, "R", "help.R"))
  expect_identical(read_task(program), "helped")
})
