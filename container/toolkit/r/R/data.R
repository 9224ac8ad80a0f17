# From text columns to typed ones.

# A text column with more levels than this is an identifier.
most_levels <- 1000L

#' Describes the columns of training data: list(name, type, levels), levels of categories only.
#' Every column that cannot be trained on is reported.
describe_columns <- function(table, target) {
  if (!target %in% names(table)) {
    report(sprintf(
      "hyperparameter 'target': found '%s', allowed: a column of the data (%s)",
      target, toString(names(table))
    ))
  }
  report(c(
    if (length(table) < 2L) "found no column but the target, expected at least one feature",
    if (length(table[[target]]) == 0L) "found no rows of training data"
  ))
  columns <- lapply(stats::setNames(nm = names(table)), function(name) {
    describe_column(name, table[[name]], number = name == target)
  })
  report(
    c(
      cell_problems(columns, table),
      unlist(lapply(columns, function(column) column_problems(column, table[[column$name]])))
    ),
    if (any(vapply(table, function(values) any(is_missing(values)), NA))) {
      "leave out rows that have no value somewhere, in R by na.omit()"
    }
  )
  columns
}

# Mostly numbers makes a number column, so that a typo is reported and does not quietly turn the
# column into a category with hundreds of levels.
describe_column <- function(name, values, number = FALSE) {
  values <- values[!is_missing(values)]
  number <- number || length(values) == 0L || mean(is.finite(as_number(values))) > 0.5
  if (number) return(list(name = name, type = "number"))
  # Sorted by code point, as model.matrix does in the C locale: the same levels on every machine.
  list(name = name, type = "category", levels = sort(unique(values), method = "radix"))
}

column_problems <- function(column, values) {
  if (length(unique(values)) == 1L) {
    return(sprintf(
      "column '%s' is constant: found only %s, expected at least two values",
      column$name, quoted(values[1L])
    ))
  }
  if (length(column$levels) > most_levels) {
    sprintf(
      "column '%s': found %d different texts, expected at most %d: leave out identifiers",
      column$name, length(column$levels), most_levels
    )
  }
}

is_missing <- function(values) is.na(values) | values == "" | values == "NA"

#' What is wrong with the cells of a table's columns, row by row.
cell_problems <- function(columns, table) {
  wrong <- unname(lapply(columns, function(column) wrong_cells(column, table[[column$name]])))
  rows <- c(integer(), unlist(lapply(wrong, `[[`, "rows")))
  said <- unlist(lapply(wrong, `[[`, "said"))
  paste(places(table, rows), said, sep = ", ", recycle0 = TRUE)[order(rows)]
}

#' The rows where one column has no such value, and what to say of each.
wrong_cells <- function(column, values) {
  is_number <- column$type == "number"
  wrong <- which(!if (is_number) is.finite(as_number(values)) else values %in% column$levels)
  found <- as.character(values[wrong])
  found[is_missing(found)] <- NA
  expected <- if (is_number) "a number" else paste("one of", listed(column$levels, shown_levels))
  said <- sprintf("column '%s': found %s, expected %s", column$name, quoted(found), expected)
  list(rows = wrong, said = said)
}

#' Where rows of a table are: of one that was read from files, in which of them.
places <- function(table, rows) {
  files <- attr(table, "files") # rows by file
  if (is.null(files)) return(sprintf("row %d", rows))
  ends <- cumsum(files)
  file <- findInterval(rows - 1L, ends) + 1L
  sprintf("%s, row %d", names(files)[file], rows - c(0L, ends)[file])
}

#' Some columns of a table, which remembers where its rows are.
pick_columns <- function(table, names) structure(table[names], files = attr(table, "files"))

#' A column's values as numbers, or as a factor with the levels of the training data. Not finite
#' where a cell is not valid, with a warning where a text is no number.
type_values <- function(column, values) {
  levels <- column$levels
  if (is.null(levels)) return(as.numeric(values))
  codes <- match(values, levels)
  attributes(codes) <- list(levels = levels, class = "factor")
  codes
}

#' Columns of a request or of training data, by name and in any order, to a data.frame.
#' Stops with a user_error that names every wrong column, or every wrong cell, after R's warning of
#' those that are no numbers: to muffle it here would cost more than to read them.
typed_frame <- function(columns, table) {
  expected <- names(columns)
  if (!identical(names(table), expected)) {
    check_columns(expected, names(table))
    table <- pick_columns(table, expected)
  }
  values <- vector("list", length(columns))
  for (i in seq_along(columns)) values[[i]] <- type_values(columns[[i]], table[[i]])
  if (!all(is.finite(unlist(values, use.names = FALSE)))) report(cell_problems(columns, table))
  rows <- length(values[[1L]])
  if (rows == 0L) report("found no row, expected at least one")
  # a data.frame without data.frame(), which would cost more than a prediction
  row_names <- .set_row_names(rows)
  attributes(values) <- list(names = expected, row.names = row_names, class = "data.frame")
  values
}

#' The features as model.matrix(~ .) makes them, without the intercept and many times as fast: a
#' number is itself, a factor has an indicator of every level but the first.
design_matrix <- function(data) {
  blocks <- unclass(data)
  rows <- length(blocks[[1L]])
  for (i in seq_along(blocks)) {
    levels <- attr(blocks[[i]], "levels")
    if (!is.null(levels)) blocks[[i]] <- indicators(unclass(blocks[[i]]), length(levels))
  }
  values <- as.double(unlist(blocks, use.names = FALSE))
  dim(values) <- c(rows, length(values) %/% rows)
  values
}

#' nrow() of a data.frame with columns, which asks S3 for its method.
count_rows <- function(data) length(.subset2(data, 1L))

#' Whether a code is a column's, which begin with the second code; column by column.
indicators <- function(codes, levels) codes == rep(seq_len(levels)[-1L], each = length(codes))

check_columns <- function(expected, found) {
  missing <- setdiff(expected, found)
  unknown <- setdiff(found, expected)
  twice <- unique(found[duplicated(found)])
  report(c(
    sprintf("column '%s' is missing, found: %s", missing, toString(found)),
    sprintf("column '%s' is unknown, expected: %s", unknown, toString(expected)),
    sprintf("column '%s' is given twice", twice)
  ))
}
