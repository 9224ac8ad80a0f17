test_that("columns are numbers or categories with all their levels, sorted by code point", {
  columns <- describe_columns(list(y = c("1", "2"), b = c("b", "B")), "y")
  expect_identical(columns$y, list(name = "y", type = "number"))
  expect_identical(columns$b, list(name = "b", type = "category", levels = c("B", "b")))
})

test_that("data that cannot be trained on is reported cell by cell and column by column", {
  table <- list(y = c("1", "2", "x"), a = c("1", "", "2"), b = c("NA", "u", "v"), c = rep("7", 3))
  error <- expect_error(describe_columns(table, "y"), class = "user_error")
  for (part in c(
    "row 3, column 'y': found 'x', expected a number",
    "row 2, column 'a': found nothing, expected a number",
    "row 1, column 'b': found nothing, expected one of u, v",
    "column 'c' is constant: found only '7'"
  )) expect_match(conditionMessage(error), part, fixed = TRUE)
})

test_that("a typo among numbers is reported and does not make a category", {
  table <- list(y = c("1", "2", "3"), a = c("1", "2,5", "3"))
  expect_reported(describe_columns(table, "y"), "row 2, column 'a': found '2,5', expected a number")
})

test_that("a target that is not a column, no feature, no row and identifiers are reported", {
  expect_reported(
    describe_columns(list(y = "1", x = "2"), "z"),
    "hyperparameter 'target': found 'z', allowed: a column of the data (y, x)"
  )
  expect_reported(describe_columns(list(y = c("1", "2")), "y"), "expected at least one feature")
  expect_reported(describe_columns(list(y = character(), x = character()), "y"), "found no rows")
  table <- list(y = as.character(1:1001), id = paste0("id", 1:1001))
  expect_reported(describe_columns(table, "y"), "found 1001 different texts, expected at most 1000")
})

columns <- describe_columns(iris_table, "Sepal.Length")[-1L]

test_that("a frame has the numbers of the data, and factors with the levels of training", {
  expect_identical(typed_frame(columns, iris_table[-1L]), iris[-1L])
  one <- lapply(iris_table[-1L], `[`, 51L)
  expect_identical(levels(typed_frame(columns, one)$Species), levels(iris$Species))
})

test_that("the design matrix is model.matrix's, without its intercept", {
  expect_equal(
    unname(design_matrix(iris[-1L])),
    unname(model.matrix(~., iris[-1L])[, -1L]),
    ignore_attr = TRUE, tolerance = 0
  )
})

test_that("one row of one species makes the same row as among all the others", {
  for (row in c(1L, 51L, 101L)) {
    expect_identical(design_matrix(iris[row, -1L]), design_matrix(iris[-1L])[row, , drop = FALSE])
  }
})

test_that("columns are taken by name, and wrong ones are all named", {
  columns <- describe_columns(list(y = c("1", "2"), a = c("1", "2"), b = c("u", "v")), "y")[-1L]
  expected <- data.frame(a = 5, b = factor("v", c("u", "v")))
  expect_identical(typed_frame(columns, list(b = "v", a = "5")), expected)
  wrong <- list(a = "1", a = "2", z = "3")
  error <- expect_error(typed_frame(columns, wrong), class = "user_error")
  for (part in c("'b' is missing", "'z' is unknown, expected: a, b", "'a' is given twice")) {
    expect_match(conditionMessage(error), part, fixed = TRUE)
  }
  empty <- list(a = character(), b = character())
  expect_reported(typed_frame(columns, empty), "found no row, expected at least one")
})

test_that("of many levels the first are named and the others counted", {
  column <- list(name = "a", type = "category", levels = sprintf("l%d", 1:23))
  expect_match(cell_problems(list(column), list(a = "x")), "expected one of l1, .* l20 and 3 more$")
})

test_that("wrong cells of training data are told row by row, with their file and what to do", {
  channel <- folder_with("b.csv" = "y,a\n3,1\n,2\n", "a.csv" = "y,a\n1,\nx,5\n7,8\n")
  table <- read_folder(channel)
  error <- expect_error(describe_columns(table, "y"), class = "user_error")
  expect_identical(conditionMessage(error), paste(
    sep = "; ",
    "a.csv, row 1, column 'a': found nothing, expected a number",
    "a.csv, row 2, column 'y': found 'x', expected a number",
    "b.csv, row 2, column 'y': found nothing, expected a number",
    "leave out rows that have no value somewhere, in R by na.omit()"
  ))
  described <- list(y = list(name = "y", type = "number"))
  frame <- function(...) suppressWarnings(typed_frame(...))
  expect_reported(frame(described, pick_columns(table, "y")), "; b.csv, row 2, column 'y'")
  described <- list(a = list(name = "a", type = "number"), y = described$y)
  expect_reported(frame(described, table), "; b.csv, row 2, column 'y'") # in another order
  table <- list(y = c("1", "x", "3"), a = c("1", "2", "3"))
  error <- expect_error(describe_columns(table, "y"), class = "user_error")
  expect_identical(conditionMessage(error), "row 2, column 'y': found 'x', expected a number")
})

test_that("no more than ten problems are listed, and the rest is counted", {
  expect_reported(report(sprintf("problem %d", 1:12)), "problem 10; and 2 problems more")
  expect_silent(report(character()))
})
