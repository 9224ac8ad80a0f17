# Requests and their answers: keys and a horizon in, forecasts out.

#' A request's rows as list(model, at, horizon): the place of each row's series in the model, and
#' how many periods ahead it asks for. Stops with a user_error that names every wrong row.
read_request <- function(model, table) {
  columns <- model$columns
  if (!identical(names(table), names(columns))) check_columns(names(columns), names(table))
  keys <- columns[names(columns) != "horizon"]
  given <- table$horizon
  if (length(given) == 0L) report("found no row, expected at least one")
  known <- Reduce(`&`, lapply(keys, function(key) table[[key$name]] %in% key$levels), TRUE)
  horizon <- if (is.numeric(given)) given else as_number(given)
  at <- match(series_ids(table[names(keys)], length(given)), model$ids)
  most <- ifelse(is.na(at), max(model$limits), model$limits[at])
  wrong <- which(!is_whole(horizon) | horizon < 1 | horizon > most)
  found <- as.character(given[wrong])
  found[is_missing(found)] <- NA
  report(c(
    cell_problems(keys, table),
    missing_series(model$series, names(keys), table, which(known & is.na(at))),
    sprintf(
      "row %d, column 'horizon': found %s, expected a whole number from 1 to %d",
      wrong, quoted(found), as.integer(most[wrong])
    )
  ))
  list(model = model, at = at, horizon = as.integer(horizon))
}

#' Keys that each are known, but not together: what the last of them may be with the others.
missing_series <- function(series, keys, table, rows) {
  vapply(utils::head(rows, shown_problems + 1L), function(row) {
    asked <- vapply(keys, function(key) as.character(table[[key]][row]), "")
    others <- asked[-length(asked)]
    alike <- Filter(function(one) identical(unlist(one$keys[names(others)]), others), series)
    with <- toString(sprintf("'%s' %s", names(others), quoted(others)))
    if (length(alike) == 0L) return(sprintf("row %d: found no series with %s", row, with))
    last <- names(asked)[length(asked)]
    allowed <- vapply(alike, function(one) one$keys[[last]], "")
    sprintf(
      "row %d, column '%s': found %s, expected with %s one of %s", row, last,
      quoted(asked[[last]]), with, listed(allowed, shown_levels)
    )
  }, "")
}

# A few bytes ask for forecasts of thousands, and InvokeEndpoint takes an answer of 6 MB, no more.
# Batch transform names no limit; what is longer than the largest body it sends helps nobody.
longest_answer <- function() {
  megabytes <- if (identical(Sys.getenv("SAGEMAKER_BATCH"), "true")) 100 else 6
  megabytes * 2^20
}

# Bytes: no period of either format has fewer, and no answer has more around its rows.
least_of_period <- 18
most_around_rows <- 2^10

#' Stops where the rows' texts together are longer than an answer may be.
check_length <- function(request, bytes) {
  most <- longest_answer()
  if (sum(bytes) + most_around_rows <= most) return(invisible())
  report(sprintf(
    "found %.0f periods over %d rows, expected forecasts of at most %.0f bytes: %s",
    sum(request$horizon), length(request$horizon), most, "ask for fewer in a request"
  ))
}

#' The text of one row's forecast, made once for all rows that ask for the same.
row_texts <- function(request, text_of) {
  check_length(request, request$horizon * least_of_period) # before anything is made
  which <- request$at * 1e6 + request$horizon
  distinct <- !duplicated(which)
  texts <- mapply(function(at, horizon) {
    text_of(request$model$series[[at]], horizon)
  }, request$at[distinct], request$horizon[distinct])
  row <- match(which, which[distinct])
  check_length(request, (nchar(texts, "bytes") + 1)[row]) # with a comma in between
  texts[row]
}

#' The periods of a forecast, and its numbers as columns of text.
forecast_columns <- function(series, horizon) {
  steps <- seq_len(horizon)
  periods <- format_periods(series$start + length(series$values) - 1 + steps, series$frequency)
  forecast <- chosen(series)$forecast[steps, , drop = FALSE]
  numbers <- lapply(stats::setNames(nm = colnames(forecast)), function(name) {
    as_decimal(forecast[, name])
  })
  c(list(period = periods), numbers)
}

json_object <- function(series, horizon) {
  columns <- forecast_columns(series, horizon)
  columns$period <- sprintf("\"%s\"", columns$period)
  arrays <- vapply(columns, paste, "", collapse = ",")
  fields <- as_json(list(series = series_label(series), model = chosen(series)$is))
  sprintf(
    "%s,%s}", sub("}$", "", fields),
    paste(sprintf("\"%s\":[%s]", names(arrays), arrays), collapse = ",")
  )
}

csv_lines <- function(series, horizon) {
  cells <- c(lapply(series$keys, as_fields), forecast_columns(series, horizon))
  paste0(do.call(paste, c(unname(cells), sep = ",")), "\n", collapse = "")
}

#' JSON has an object for each row, with the keys as one text; CSV has a line for each row and
#' period, below a line of names unless the request had none.
forecast_writers <- list(
  "application/json" = function(request, format) {
    paste0(
      "{\"predictions\":[", paste(row_texts(request, json_object), collapse = ","), "]}"
    )
  },
  "text/csv" = function(request, format) {
    lines <- paste(row_texts(request, csv_lines), collapse = "")
    if (format == "text/csv; header=absent") return(lines)
    keys <- names(request$model$series[[1L]]$keys)
    columns <- colnames(request$model$series[[1L]]$models[[1L]]$forecast)
    paste0(paste(as_fields(c(keys, "period", columns)), collapse = ","), "\n", lines)
  }
)
