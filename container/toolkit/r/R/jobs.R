# What training and processing jobs share: how they end.

# FailureReason and ExitMessage hold 1 KB.
longest_reason <- 1024L

#' Runs a job's work and returns its exit code. The one place that writes the file whose text
#' SageMaker shows as the job's reason.
run_job <- function(work, reason_file) {
  tryCatch(
    {
      work
      0L
    },
    error = function(e) {
      reason <- conditionMessage(e)
      if (!inherits(e, "user_error")) reason <- paste("internal error:", reason)
      message(reason)
      dir.create(dirname(reason_file), showWarnings = FALSE, recursive = TRUE)
      writeLines(first_bytes(reason, longest_reason), reason_file, sep = "", useBytes = TRUE)
      1L
    }
  )
}

#' The first characters of a UTF-8 text that fit into so many bytes.
first_bytes <- function(text, most) {
  bytes <- utils::head(charToRaw(enc2utf8(text)), most)
  iconv(rawToChar(bytes), "UTF-8", "UTF-8", sub = "") # drops the last character's half
}
