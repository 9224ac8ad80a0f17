# From rows to series: one for each combination of keys, its values in the order of time.

# What an answer and a request call their own fields, which no key may be called.
reserved <- c("horizon", "model", "period", "mean", "lower80", "upper80", "lower95", "upper95")

# Two years: of less, neither model can tell the season from chance.
fewest_years <- 2

#' The series of training data, sorted by their keys: list(keys, frequency, start, values) each,
#' where `start` is the number of the first period. Stops with a user_error that has every problem.
read_series <- function(table, settings) {
  keys <- key_names(table, settings)
  if (length(table[[1L]]) == 0L) report("found no rows of training data")
  columns <- lapply(stats::setNames(nm = keys), function(name) {
    list(name = name, type = "category", levels = sort_levels(table[[name]]))
  })
  rows <- typed_rows(table, columns, settings)
  split <- split(seq_along(rows$value), rows$series)
  series <- lapply(split[order(names(split), method = "radix")], function(at) {
    at <- at[order(rows$number[at])]
    list(
      keys = lapply(table[keys], `[`, at[1L]),
      frequency = rows$frequency[at[1L]],
      start = rows$number[at[1L]],
      numbers = rows$number[at],
      values = rows$value[at],
      mixed = length(unique(rows$frequency[at])) > 1L,
      whole = !any(rows$wrong[at])
    )
  })
  # a series with a wrong row is judged by that row alone
  whole <- Filter(function(one) one$whole, series)
  report(c(rows$problems, unlist(lapply(whole, series_problems, settings), use.names = FALSE)))
  lapply(unname(series), `[`, c("keys", "frequency", "start", "values"))
}

sort_levels <- function(values) sort(unique(values[!is_missing(values)]), method = "radix")

#' The columns that say which series a row is of: all but those of time and value.
key_names <- function(table, settings) {
  named <- settings[c("time", "target")]
  missing <- names(named)[!unlist(named) %in% names(table)]
  keys <- setdiff(names(table), unlist(named))
  report(c(
    sprintf(
      "hyperparameter '%s': found '%s', allowed: a column of the data (%s)",
      missing, unlist(named[missing]), toString(names(table))
    ),
    if (settings$time == settings$target) {
      sprintf("hyperparameter 'time': found '%s', allowed: not the target's column", settings$time)
    },
    sprintf(
      "column '%s' has the name of a field of the answers, expected another",
      intersect(keys, reserved)
    )
  ))
  keys
}

#' Rows of training or held-out data: list(series, label, frequency, number, value, wrong,
#' problems), where `series` and `label` are the id and the name of the row's series, and `wrong`
#' tells the rows that `problems` is about.
typed_rows <- function(table, columns, settings) {
  periods <- parse_periods(table[[settings$time]])
  values <- as_number(table[[settings$target]])
  checked <- c(columns, list(list(name = settings$target, type = "number")))
  is_wrong <- lapply(columns, function(column) !table[[column$name]] %in% column$levels)
  no_period <- which(is.na(periods$number))
  found <- table[[settings$time]][no_period]
  found[is_missing(found)] <- NA
  list(
    series = series_ids(table[names(columns)], length(values)),
    label = series_labels(table[names(columns)], length(values)),
    frequency = periods$frequency,
    number = periods$number,
    value = values,
    wrong = Reduce(`|`, is_wrong, !is.finite(values) | is.na(periods$number)),
    problems = c(
      cell_problems(checked, table),
      sprintf(
        "%s, column '%s': found %s, expected a month as 1961-01 or a quarter as 1961 Q1",
        places(table, no_period), settings$time, quoted(found)
      )
    )
  )
}

#' What tells the series apart that rows with these keys are of, `count` of them. No key holds the
#' separator, which csv.R keeps for itself.
series_ids <- function(keys, count) joined_keys(keys, count, "\x1f")

series_id <- function(series) series_ids(series$keys, 1L)

#' Their names for whoever reads them: a comma may be in a key, too, so that two may have the same.
series_labels <- function(keys, count) joined_keys(keys, count, ", ")

series_label <- function(series) series_labels(series$keys, 1L)

joined_keys <- function(keys, count, separator) {
  if (length(keys) == 0L) return(rep("the series", count))
  do.call(paste, c(unname(keys), sep = separator))
}

#' What is wrong with one series of rows that are each right.
series_problems <- function(series, settings) {
  label <- sprintf("series '%s'", series_label(series))
  if (series$mixed) {
    return(sprintf("%s: found months and quarters, expected one of them", label))
  }
  steps <- diff(series$numbers)
  twice <- unique(series$numbers[-1L][steps == 0])
  gaps <- unlist(Map(
    function(from, step) from + seq_len(step - 1),
    series$numbers[-length(series$numbers)][steps > 1], steps[steps > 1]
  ))
  few <- fewest_years * series$frequency + held_out_periods(series$frequency, settings)
  length <- length(unique(series$numbers))
  c(
    if (length(twice) > 0L) {
      sprintf("%s: %s is there twice", label, listed(format_periods(twice, series$frequency), 3L))
    },
    if (length(gaps) > 0L) {
      sprintf("%s: %s is missing", label, listed(format_periods(gaps, series$frequency), 3L))
    },
    if (length < few) {
      sprintf(
        "%s: found %d %s, expected at least %d", label, length, period_word(series$frequency), few
      )
    }
  )
}

#' How many periods at the end of a training series its models are compared on; 0 for not at all.
held_out_periods <- function(frequency, settings) {
  if (!is.null(settings$holdout)) return(settings$holdout)
  if (settings$model == "best") frequency else 0
}

#' How many periods ahead a request may ask for.
longest_horizon <- function(frequency, settings) c(settings$horizon, 5 * frequency)[1L]
