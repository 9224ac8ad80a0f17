model <- model_of(linear, iris_table, list(target = "Sepal.Length"))
rows <- c(1L, 60L, 120L)
held_out <- format_csv(lapply(iris_table, `[`, rows))

test_that("an evaluation leaves figures, predictions and a picture, and is 0", {
  paths <- evaluation(linear, model, test = held_out)
  log <- capture.output(code <- run_evaluation(paths, linear))
  expect_identical(code, 0L)
  expect_false(file.exists(paths$message))
  expect_setequal(
    list.files(paths$evaluation), c("evaluation.json", "predictions.csv", "report.png")
  )
  predicted <- linear$predict(model, lapply(iris_table[-1L], `[`, rows))
  error <- predicted - iris$Sepal.Length[rows]
  result <- jsonlite::fromJSON(file.path(paths$evaluation, "evaluation.json"))
  expect_equal(result$metrics, regression_metrics(iris$Sepal.Length[rows], predicted))
  expect_identical(result[c("rows", "target")], list(rows = 3L, target = "Sepal.Length"))
  expect_true(sprintf("evaluation:max_error=%.15g", max(abs(error))) %in% log)
  table <- read.csv(file.path(paths$evaluation, "predictions.csv"))
  expect_named(table, c(names(iris), "prediction", "error"))
  expect_equal(table$prediction, predicted)
  expect_equal(table$error, error)
})

test_that("a model of data without a header is judged on such data", {
  table <- stats::setNames(iris_table[c(1L, 5L)], c("1", "2"))
  model <- model_of(linear, table, list(target = "1"))
  model$metadata$header <- "absent"
  paths <- evaluation(linear, model, test = "5,setosa\n6,virginica\n")
  capture.output(code <- run_evaluation(paths, linear))
  expect_identical(code, 0L)
  written <- read.csv(file.path(paths$evaluation, "predictions.csv"), check.names = FALSE)
  expect_named(written, c("1", "2", "prediction", "error"))
  expect_equal(written$prediction, as.vector(tapply(iris[[1L]], iris[[5L]], mean)[c(1L, 3L)]))
})

test_that("predictions.csv keeps the cells as they came, and names no column twice", {
  file <- tempfile()
  table <- list(error = c("1.50", "2"), "a, b" = c("say \"no\"", "two\nlines"))
  write_predictions(file, table, list(actual = c(1.5, 2), predicted = c(2, 1)))
  expected <- c(table, list(prediction = c("2", "1"), error.1 = c("0.5", "-1")))
  expect_identical(parse_csv(read_text(file)), expected)
})

test_that("every problem is in the message, and there are no results", {
  failing <- function(paths, reason) {
    expect_message(code <- run_evaluation(paths, linear), reason, fixed = TRUE)
    expect_identical(code, 1L)
    expect_match(read_text(paths$message), reason, fixed = TRUE)
    expect_false(dir.exists(paths$evaluation))
  }
  failing(evaluation(linear, model), "expected one channel of held-out data")
  failing(evaluation(linear, model, a = held_out, b = held_out), "found: 'a, b'")
  other <- "Species,Sepal.Width,Petal.Length,Petal.Width\nsetosa,1,1,1\n"
  failing(
    evaluation(linear, model, test = other),
    "channel 'test': column 'Sepal.Length' is missing, found: Species, "
  )
  failing(
    evaluation(linear, model, test = sub("5.1", "long", held_out, fixed = TRUE)),
    "channel 'test': rows.csv, row 1, column 'Sepal.Length': found 'long', expected a number"
  )
  broken <- evaluation(linear, model, test = held_out)
  writeLines("not an archive", broken$artifact)
  failing(broken, "model.tar.gz: not an archive of a model")
  file.remove(broken$artifact)
  failing(broken, "model.tar.gz: is missing")
})

test_that("colours are for the first category with few enough levels", {
  many <- list(name = "a", type = "category", levels = letters)
  few <- list(name = "b", type = "category", levels = c("u", "v"))
  table <- list(a = "x", b = c("v", "u"))
  expect_identical(first_category(list(a = many, b = few), table), factor(c("v", "u")))
  expect_null(first_category(list(a = many, c = list(name = "c", type = "number")), table))
})

test_that("figures have three digits and the target's unit", {
  metrics <- list(rmse = 24312.6, mae = 0.0301499, r2 = 0.87654, max_error = 2)
  expected <- c("RMSE 24,300 EUR", "MAE 0.0301 EUR", "R\u00b2 0.877", "Largest error 2 EUR")
  expect_identical(figure_texts(metrics, "EUR"), expected)
  metrics$r2 <- NA_real_
  expect_identical(figure_texts(metrics, ""), c("RMSE 24,300", "MAE 0.0301", "Largest error 2"))
})

test_that("a tick's text is as short as its neighbours allow", {
  expect_identical(readable(c(-0.5, 0, 0.5)), c("\u22120.5", "0.0", "0.5"))
  expect_identical(readable(c(0, 1e6)), c("0", "1,000,000"))
  expect_identical(readable(2e-8), "2e-08")
  expect_lt(length(ticks_within(c(0, 3e6))), length(ticks_within(c(0, 3))))
})

test_that("one row, one prediction for all, and a perfect one can be drawn", {
  for (rows in list(
    list(actual = 3.7, predicted = 3.7),
    list(actual = c(1, 2), predicted = c(2, 2)),
    list(actual = c(1, 2), predicted = c(1, 2))
  )) {
    file <- tempfile()
    metrics <- regression_metrics(rows$actual, rows$predicted)
    expect_silent(write_report(file, rows, metrics, NULL, "y", ""))
    expect_gt(file.size(file), 5000)
  }
})
