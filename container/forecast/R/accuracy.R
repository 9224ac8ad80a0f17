# How far forecasts are from what came: by series and model, and in all.

#' The error of the season before, in the data that a model was fitted to: what MASE counts in
#' (Hyndman and Koehler, "Another look at measures of forecast accuracy", 2006). That is all of a
#' series but for what was held out of it. NA where nothing ever changed.
naive_error <- function(series, held_out = 0) {
  fitted <- series$values[seq_len(length(series$values) - held_out)]
  error <- mean(abs(diff(fitted, lag = series$frequency)))
  if (is.finite(error) && error > 0) error else NA_real_
}

#' RMSE and MAE in the unit of the series, and MASE, which has none.
accuracy <- function(errors, naive) {
  errors <- errors[!is.na(errors)]
  list(
    rmse = sqrt(mean(errors^2)), mae = mean(abs(errors)), mase = mean(abs(errors)) / naive
  )
}

#' The same of many series: RMSE and MAE over all of their periods, so that series of large numbers
#' weigh more, and the mean of their MASE, in which each series weighs the same. NULL without any.
overall_accuracy <- function(errors, naive) {
  some <- lengths(errors) > 0L
  if (!any(some)) return(NULL)
  each <- Map(accuracy, errors[some], naive[some])
  all <- accuracy(unlist(errors[some]), 1)
  mase <- vapply(each, `[[`, 0, "mase")
  list(
    rmse = all$rmse, mae = all$mae,
    mase = if (all(is.na(mase))) NA_real_ else mean(mase, na.rm = TRUE)
  )
}

#' Held-out rows: list(at, step, actual), the place of each row's series in `series` and how many
#' periods after the training data it is. Stops with a user_error that has every problem.
held_out_rows <- function(series, columns, settings, table) {
  needed <- c(names(columns), unlist(settings[c("time", "target")], use.names = FALSE))
  report(sprintf(
    "column '%s' is missing, found: %s", setdiff(needed, names(table)), toString(names(table))
  ))
  if (length(table[[1L]]) == 0L) report("found no row, expected at least one")
  rows <- typed_rows(table, columns, settings)
  at <- match(rows$series, vapply(series, series_id, ""))
  ends <- vapply(series, function(one) one$start + length(one$values) - 1, 0)
  limits <- vapply(series, function(one) longest_horizon(one$frequency, settings), 0)
  frequencies <- vapply(series, `[[`, 0, "frequency")
  step <- rows$number - ends[at]
  right <- which(!rows$wrong)
  other <- right[is.na(at[right])]
  right <- setdiff(right, other)
  mixed <- right[rows$frequency[right] != frequencies[at[right]]]
  right <- setdiff(right, mixed)
  outside <- right[step[right] < 1 | step[right] > limits[at[right]]]
  right <- setdiff(right, outside)
  twice <- right[duplicated(data.frame(at, step)[right, ])]
  row_of <- function(which) sprintf("row %d, series '%s'", which, rows$label[which])
  period <- function(which, number) {
    unlist(Map(format_periods, number, frequencies[at[which]]))
  }
  report(c(
    rows$problems,
    sprintf("%s: the model has no such series", row_of(other)),
    sprintf(
      "%s: found %s, expected %s as in the training data", row_of(mixed),
      quoted(table[[settings$time]][mixed]),
      vapply(frequencies[at[mixed]], period_word, "")
    ),
    sprintf(
      "%s: found %s, expected %s to %s, %d %s after the training data", row_of(outside),
      period(outside, rows$number[outside]), period(outside, ends[at[outside]] + 1),
      period(outside, (ends + limits)[at[outside]]), as.integer(limits[at[outside]]),
      vapply(frequencies[at[outside]], period_word, "")
    ),
    sprintf("%s: %s is there twice", row_of(twice), period(twice, rows$number[twice]))
  ))
  list(at = at, step = step, actual = rows$value)
}

#' The errors of each series' chosen model.
errors_of <- function(series, rows) {
  Map(function(one, here) {
    chosen(one)$forecast[rows$step[here], "mean"] - rows$actual[here]
  }, series, rows_by_series(series, rows))
}

#' The held-out rows of each series.
rows_by_series <- function(series, rows) {
  unname(split(seq_along(rows$at), factor(rows$at, seq_along(series))))
}

#' The forecasts of the chosen models for held-out rows: a matrix with a row for each.
row_forecasts <- function(series, rows) {
  t(mapply(function(at, step) chosen(series[[at]])$forecast[step, ], rows$at, rows$step))
}

#' A row for each series and model that held-out rows tell of, as columns of text for a CSV.
accuracy_table <- function(series, rows) {
  parts <- unlist(Map(function(one, here) {
    if (length(here) > 0L) lapply(names(one$models), accuracy_row, one, rows, here)
  }, series, rows_by_series(series, rows)), recursive = FALSE)
  lapply(stats::setNames(nm = names(parts[[1L]])), function(name) {
    vapply(parts, `[[`, "", name)
  })
}

accuracy_row <- function(kind, one, rows, here) {
  forecast <- one$models[[kind]]$forecast[rows$step[here], , drop = FALSE]
  actual <- rows$actual[here]
  within <- function(level) {
    low <- forecast[, paste0("lower", level)]
    as_decimal(mean(actual >= low & actual <= forecast[, paste0("upper", level)]))
  }
  measured <- accuracy(forecast[, "mean"] - actual, naive_error(one))
  c(one$keys, list(
    model = kind,
    chosen = tolower(kind == one$chosen),
    is = one$models[[kind]]$is,
    periods = as_decimal(length(here))
  ), lapply(measured, as_decimal), list(within80 = within(80), within95 = within(95)))
}
