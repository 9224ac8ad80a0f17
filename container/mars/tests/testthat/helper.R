for (file in list.files("../../R", full.names = TRUE)) source(file, local = FALSE)

#' The columns of R's own iris as parse_csv reads them: text.
iris_table <- lapply(iris, as.character)

#' A user_error and its message.
expect_reported <- function(code, message) {
  expect_error(code, message, fixed = TRUE, class = "user_error")
}

#' Writes text below a fresh folder; returns the folder.
folder_with <- function(...) {
  folder <- tempfile("channel")
  dir.create(folder)
  texts <- c(...)
  for (name in names(texts)) writeLines(texts[[name]], file.path(folder, name), sep = "")
  folder
}
