#' A base folder as SageMaker makes it, without output.
job <- function(hyperparameters, ...) {
  base <- tempfile("ml")
  dir.create(file.path(base, "input", "config"), recursive = TRUE)
  dir.create(file.path(base, "input", "data"), recursive = TRUE)
  writeLines(hyperparameters, file.path(base, "input", "config", "hyperparameters.json"))
  file.rename(folder_with(...), file.path(base, "input", "data", "train"))
  container_paths(base)
}

test_that("a job that ends well writes a model, no failure, and is 0", {
  paths <- job("{\"target\": \"y\"}", "a.csv" = "y,x\n1,1\n2,2\n4,3\n4,4\n")
  capture.output(code <- run_training(paths))
  expect_identical(code, 0L)
  expect_setequal(list.files(paths$model), c("model.rds", "metadata.json"))
  expect_false(file.exists(paths$failure))
})

test_that("a job that fails writes the reason, no model, and is 1", {
  paths <- job("{\"target\": \"z\"}", "a.csv" = "y,x\n1,1\n2,2\n")
  expect_message(code <- run_training(paths), "found 'z'")
  expect_identical(code, 1L)
  expect_match(readLines(paths$failure), "hyperparameter 'target': found 'z', allowed: a column")
  expect_false(dir.exists(paths$model))
})

test_that("an error of our own is told apart from the user's", {
  paths <- job("{\"target\": \"y\"}", "a.csv" = "y,x\n1,1\n2,2\n4,3\n4,4\n")
  paths$model <- paths$hyperparameters # a file, where a folder must be
  expect_message(suppressWarnings(run_training(paths)), "internal error")
  expect_match(readLines(paths$failure), "^internal error: ")
})
