# Errors that a user can mend, apart from our own: every problem at once, in the user's words.

# An answer that lists a thousand bad rows helps nobody, and FailureReason holds 1024 characters.
shown_problems <- 10L

# So many of what would be allowed are named, the others are counted.
shown_levels <- 20L

#' Stops with all problems in one user_error, and what to do about them; does nothing when there are
#' none.
report <- function(problems, advice = NULL) {
  hidden <- length(problems) - shown_problems
  if (hidden > 0L) {
    problems <- c(problems[seq_len(shown_problems)], sprintf("and %d problems more", hidden))
  }
  if (length(problems) > 0L) stop(user_error(paste(c(problems, advice), collapse = "; ")))
}

#' Runs code; its user_error says at the front what it is about.
problems_in <- function(what, code) {
  tryCatch(code, user_error = function(e) report(paste0(what, ": ", conditionMessage(e))))
}

user_error <- function(message) {
  structure(list(message = message, call = NULL), class = c("user_error", "error", "condition"))
}

#' The first few texts, and how many there are more.
listed <- function(texts, most) {
  more <- length(texts) - most
  if (more <= 0L) return(toString(texts))
  sprintf("%s and %d more", toString(texts[seq_len(most)]), more)
}

#' Texts cut to a number of characters, where they are longer.
shorten <- function(texts, most) {
  long <- which(nchar(texts, "chars") > most)
  texts[long] <- paste0(substr(texts[long], 1L, most - 3L), "...")
  texts
}

#' A value as it is shown in a problem: 'text', cut where it is long, or nothing.
quoted <- function(values) {
  values <- shorten(values, 60L)
  ifelse(is.na(values) | values == "", "nothing", paste0("'", values, "'"))
}
