# Errors that a user can mend, apart from our own: every problem at once, in the user's words.

# An answer that lists a thousand bad rows helps nobody, and FailureReason holds 1024 characters.
shown_problems <- 10L

#' Stops with all problems in one user_error; does nothing when there are none.
report <- function(problems) {
  hidden <- length(problems) - shown_problems
  if (hidden > 0L) {
    problems <- c(problems[seq_len(shown_problems)], sprintf("and %d problems more", hidden))
  }
  if (length(problems) > 0L) stop(user_error(paste(problems, collapse = "; ")))
}

user_error <- function(message) {
  structure(list(message = message, call = NULL), class = c("user_error", "error", "condition"))
}

#' A value as it is shown in a problem: 'text', cut where it is long, or nothing.
quoted <- function(values) {
  long <- nchar(values, "chars") > 60L
  values[which(long)] <- paste0(substr(values[which(long)], 1L, 57L), "...")
  ifelse(is.na(values) | values == "", "nothing", paste0("'", values, "'"))
}
