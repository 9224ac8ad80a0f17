# The formats of a request and of its answer.

#' {"instances": [{column: value}, ...]} to a named list of columns, numeric or character.
parse_instances <- function(text) {
  body <- tryCatch(
    jsonlite::parse_json(text),
    error = function(e) report(paste("the body is not JSON:", first_line(conditionMessage(e))))
  )
  instances <- if (is.list(body)) body[["instances"]]
  if (!is.list(instances) || !is.null(names(instances)) || length(instances) == 0L) {
    report("expected {\"instances\": [{column: value, ...}, ...]} with at least one instance")
  }
  wrong <- which(!vapply(instances, function(row) !is.null(names(row)), NA))
  report(sprintf("row %d: expected an object {column: value, ...}", wrong))
  repeated <- which(vapply(instances, function(row) anyDuplicated(names(row)) > 0L, NA))
  report(sprintf("row %d: a column is given twice", repeated))
  columns <- unique(unlist(lapply(instances, names)))
  lapply(stats::setNames(nm = columns), function(name) {
    simplify_column(lapply(instances, .subset2, name))
  })
}

#' JSON values of one column: numbers stay numbers, everything else becomes the text a cell of a
#' CSV would have, null and what is left out become NA.
simplify_column <- function(values) {
  if (all(vapply(values, is.numeric, NA))) return(unlist(values))
  vapply(values, function(value) {
    if (is.null(value)) return(NA_character_)
    if (is.character(value)) value else as_json(value)
  }, "")
}

as_json <- function(value) {
  as.character(jsonlite::toJSON(value, auto_unbox = TRUE, digits = NA)) # NA: 15 significant digits
}

first_line <- function(text) strsplit(text, "\n", fixed = TRUE)[[1L]][1L]

# 15 significant digits: what a double holds in decimal for certain.
format_json <- function(values) {
  sprintf("{\"predictions\":[%s]}", paste(sprintf("%.15g", values), collapse = ","))
}

format_csv <- function(values) paste0(sprintf("%.15g\n", values), collapse = "")

#' How a request is read and an answer written, by media type; the first is the default answer.
readers <- list("text/csv" = parse_csv, "application/json" = parse_instances)
writers <- list("application/json" = format_json, "text/csv" = format_csv)

#' The media type without parameters: "Text/CSV; charset=utf-8" is "text/csv".
media_type <- function(header) tolower(sub("[ \t]*(;.*)?$", "", header))

#' The writer's media type that an Accept header (RFC 9110, section 12.5.1) likes best, or NA.
choose_writer <- function(accept) {
  if (is.null(accept) || accept %in% c("", "*/*")) return(names(writers)[1L])
  ranges <- trimws(strsplit(accept, ",", fixed = TRUE)[[1L]])
  weighted <- grepl(";\\s*q=", ranges)
  quality <- ifelse(weighted, as_number(sub("^.*;\\s*q=([0-9.]+).*$", "\\1", ranges)), 1)
  for (range in media_type(ranges[order(-quality)][seq_len(sum(quality > 0, na.rm = TRUE))])) {
    fitting <- grep(utils::glob2rx(range), names(writers), value = TRUE)
    if (length(fitting) > 0L) return(fitting[1L])
  }
  NA_character_
}
