read <- function(...) {
  read_arguments("Rscript x.R <workload> <rows.csv>", c("workload", "rows"), c(...))
}

test_that("words are names in their order, and keys with values", {
  given <- read("iris-tuned", "degree=1", "rows.csv", "formula=a=b")
  expect_identical(given$names, list(workload = "iris-tuned", rows = "rows.csv"))
  expect_identical(given$values, list(degree = "1", formula = "a=b"))
})

test_that("no words are no arguments, so that the settings of the script hold", {
  given <- read_arguments("", "workload", character())
  expect_length(given$names, 0L)
  expect_length(given$values, 0L)
})

test_that("what is no argument is named, with what is allowed", {
  expect_error(
    read("iris", "rows.csv", "degree"),
    "found \"degree\" without a \"=\"; allowed: Rscript x.R <workload> <rows.csv>",
    fixed = TRUE
  )
  expect_error(read("degree="), "found \"degree=\", which is no key=value; allowed: Rscript")
  expect_error(read("=1"), "found \"=1\", which is no key=value; allowed: Rscript")
  expect_error(read("a=1", "b=1", "a=2"), "^found \"a\" twice; allowed: each once$")
})

test_that("an unknown setting is named, with those there are", {
  expect_error(
    assert_settings(list(variant = "a", modle = "b"), c("variant", "model")),
    "^found \"modle=\"; allowed: variant=, model=$"
  )
  expect_silent(assert_settings(list(model = "b"), c("variant", "model")))
})

test_that("one of several names is chosen, the only one without being named", {
  expect_identical(choose("model", "b", c("a", "b")), "b")
  expect_identical(choose("model", "", "a"), "a")
  expect_error(choose("model", "", c("a", "b")), "^model: missing; allowed: a, b$")
  expect_error(choose("model", "100%s", c("a", "b")), "^model: found \"100%s\"; allowed: a, b$")
})

test_that("wait is yes or no", {
  expect_true(as_yes("wait", "yes"))
  expect_false(as_yes("wait", "no"))
  expect_false(as_yes("wait", FALSE))
  expect_error(as_yes("wait", "TRUE"), "^wait: found \"TRUE\"; allowed: yes, no$")
})

test_that("a hyperparameter is the text that was meant", {
  expect_identical(as_text(100000), "100000")
  expect_identical(as_text(0.1), "0.1")
  expect_identical(as_text(3L), "3")
  expect_identical(as_text("Sepal.Length"), "Sepal.Length")
})

test_that("rows are read with their names, texts as factors", {
  rows <- rows_of("Sepal Length,Species", "5.1,setosa", "6.3,virginica")
  expect_identical(names(rows), c("Sepal Length", "Species"))
  expect_identical(levels(rows$Species), c("setosa", "virginica"))
})

test_that("a first line with a number in it is a row", {
  expect_identical(dim(rows_of("5.1,setosa", "6.3,virginica")), c(2L, 2L))
})

test_that("an s3 uri has a bucket and a key", {
  expect_identical(bucket_of("s3://bucket/a/b.csv"), "bucket")
  expect_identical(key_of("s3://bucket/a/b.csv"), "a/b.csv")
  expect_identical(key_of("s3://bucket"), "")
})

test_that("what Python says is one line, without its class and reticulate's advice", {
  error <- simpleError(paste(
    "botocore.exceptions.ParamValidationError: Parameter validation failed:",
    "Missing required parameter",
    "Run `reticulate::py_last_error()` for details.",
    sep = "\n"
  ))
  expect_identical(
    python_message(error), "Parameter validation failed: Missing required parameter"
  )
})

test_that("the app is sagestack if nothing else is said", {
  withr::with_envvar(c(SAGESTACK_APP = ""), expect_identical(app(), "sagestack"))
  withr::with_envvar(c(SAGESTACK_APP = "flowers"), expect_identical(app(), "flowers"))
})

test_that("a tuning's own hyperparameter is none of the model's", {
  job <- list(HyperParameters = list(degree = "1", `_tuning_objective_metric` = "rmse"))
  expect_identical(hyperparameters_of(job), list(degree = "1"))
  expect_length(hyperparameters_of(list()), 0L)
})
