# The formats of a request and of its answer.

#' {"instances": [{column: value}, ...]} to a named list of columns, numeric or character.
#' Thousands of brackets are valid JSON, too, but what reads them calls itself for each.
parse_instances <- function(text) {
  tryCatch(read_instances(text), stackOverflowError = function(e) {
    report("JSON of too many levels, expected {\"instances\": [{column: value}]}")
  })
}

read_instances <- function(text) {
  body <- problems_in("the body is not JSON", parse_json(text))
  instances <- if (is.list(body)) body[["instances"]]
  if (!is.list(instances) || !is.null(names(instances)) || length(instances) == 0L) {
    report("expected {\"instances\": [{column: value, ...}, ...]} with at least one instance")
  }
  headers <- lapply(instances, names)
  wrong <- which(vapply(headers, is.null, NA))
  report(sprintf("row %d: expected an object {column: value, ...}", wrong))
  columns <- unique(unlist(headers, use.names = FALSE))
  if (!identical(unlist(headers, use.names = FALSE), rep.int(columns, length(instances)))) {
    repeated <- which(vapply(headers, anyDuplicated, 0L) > 0L)
    report(sprintf("row %d: a column is given twice", repeated))
    instances <- lapply(instances, function(row) {
      lapply(columns, function(name) row[[name]])
    })
  }
  cells <- unlist(instances, recursive = FALSE, use.names = FALSE)
  dim(cells) <- c(length(columns), length(instances))
  table <- lapply(seq_along(columns), function(i) simplify_column(cells[i, ]))
  names(table) <- columns
  table
}

#' JSON text as lists and vectors; a user_error says where it is none. `...` are of
#' jsonlite::fromJSON. What is not valid must not reach its parser: jsonlite 1.8.4 has the parser's
#' message, which quotes the text, formatted as if "%s" in it were its own, and R crashes.
parse_json <- function(text, simplifyVector = FALSE, ...) { # nolint: object_name_linter.
  valid <- jsonlite::validate(text)
  if (!valid) report(first_line(attr(valid, "err")))
  jsonlite::fromJSON(text, simplifyVector = simplifyVector, ...)
}

#' A JSON file; a user_error names it.
read_json <- function(file, ...) {
  problems_in(basename(file), parse_json(read_text(file), ...))
}

#' JSON values of one column: numbers stay numbers, everything else becomes the text a cell of a
#' CSV would have, null and what is left out become NA.
simplify_column <- function(values) {
  if (all(vapply(values, is.numeric, NA)) || all(vapply(values, is.character, NA))) {
    return(unlist(values))
  }
  vapply(values, function(value) {
    if (is.null(value)) return(NA_character_)
    if (is.character(value)) value else as_json(value)
  }, "")
}

as_json <- function(value, ...) {
  # digits = NA are 15 significant ones
  as.character(jsonlite::toJSON(value, auto_unbox = TRUE, digits = NA, na = "null", ...))
}

write_json <- function(value, file) {
  writeLines(as_json(value, pretty = TRUE), file, useBytes = TRUE)
}

first_line <- function(text) strsplit(text, "\n", fixed = TRUE)[[1L]][1L]

# 15 significant digits: what a double holds in decimal for certain.
as_decimal <- function(values) sprintf("%.15g", values)

#' How a request is read, given the names of the model's columns, by its format.
readers <- list(
  "text/csv" = function(text, names) parse_csv(text),
  "text/csv; header=absent" = parse_csv_rows,
  "application/json" = function(text, names) parse_instances(text)
)

#' The answer to a request that accepts any: lines to lines, which a batch transform splits, sends
#' and joins, else JSON.
usual_writer <- function(format) {
  if (format == "text/csv; header=absent") "text/csv" else "application/json"
}

#' The format that a Content-Type header names: the media type, and of its parameters only CSV's
#' `header` (RFC 4180, section 3). Where that is not said, CSV has a header line if `header`.
request_format <- function(content_type, header = TRUE) {
  type <- media_type(content_type)
  if (type != "text/csv") return(type)
  said <- if (!header) "header=absent"
  if (type != content_type) {
    parameters <- strsplit(tolower(content_type), ";", fixed = TRUE)[[1L]][-1L]
    found <- grep("^header=", gsub("[ \t\"]", "", parameters), value = TRUE)
    if (length(found) > 0L) said <- setdiff(found, "header=present")
  }
  paste(c(type, said), collapse = "; ")
}

#' The media type without parameters: "Text/CSV; charset=utf-8" is "text/csv".
media_type <- function(header) tolower(sub("[ \t]*(;.*)?$", "", header))

#' Which of the media types `known` an Accept header (RFC 9110, section 12.5.1) likes best, or NA.
choose_writer <- function(accept, usual, known) {
  if (is.null(accept) || accept %in% c("", "*/*")) return(usual)
  if (accept %in% known) return(accept)
  possible <- union(usual, known)
  ranges <- trimws(strsplit(accept, ",", fixed = TRUE)[[1L]])
  weighted <- grepl(";\\s*q=", ranges)
  quality <- ifelse(weighted, as_number(sub("^.*;\\s*q=([0-9.]+).*$", "\\1", ranges)), 1)
  for (range in media_type(ranges[order(-quality)][seq_len(sum(quality > 0, na.rm = TRUE))])) {
    fitting <- grep(utils::glob2rx(range), possible, value = TRUE)
    if (length(fitting) > 0L) return(fitting[1L])
  }
  NA_character_
}
