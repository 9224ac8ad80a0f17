# Months and quarters: texts, and the whole numbers that they are counted by (months or quarters
# since the year 0), so that the next period is one more.

#' Texts to list(frequency, number), vectors of their length: 12 for a month ("1961-01", or any day
#' of it), 4 for a quarter ("1961 Q1"); NA for anything else.
parse_periods <- function(texts) {
  month <- "^([0-9]{4})-(0?[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$"
  quarter <- "^([0-9]{4})[ -]?[Qq]([1-4])$"
  frequency <- rep(NA_real_, length(texts))
  frequency[grepl(quarter, texts)] <- 4
  frequency[grepl(month, texts)] <- 12
  known <- !is.na(frequency)
  parts <- sub(quarter, "\\1-\\2", texts[known])
  year <- as.numeric(substr(parts, 1L, 4L))
  part <- as.numeric(sub(month, "\\2", parts))
  number <- rep(NA_real_, length(texts))
  number[known] <- year * frequency[known] + part - 1
  list(frequency = frequency, number = number)
}

format_periods <- function(number, frequency) {
  form <- if (frequency == 12) "%04d-%02d" else "%04d Q%d"
  sprintf(form, as.integer(number %/% frequency), as.integer(number %% frequency + 1))
}

#' What the periods of a series are called.
period_word <- function(frequency) if (frequency == 12) "months" else "quarters"
