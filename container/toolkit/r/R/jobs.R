# What training and processing jobs share: how they end.

# FailureReason and ExitMessage hold 1 KB.
longest_reason <- 1024L

#' Runs a job's work and returns its exit code. Writes the file whose text SageMaker shows as the
#' job's reason; when the kernel has ended R, the program `train` does.
run_job <- function(work, reason_file) {
  place <- NULL
  tryCatch(
    {
      withCallingHandlers(work, error = function(e) place <<- own_function())
      0L
    },
    error = function(e) {
      reason <- conditionMessage(e)
      if (!inherits(e, "user_error")) reason <- internal_error(reason, place)
      message(reason)
      dir.create(dirname(reason_file), showWarnings = FALSE, recursive = TRUE)
      writeLines(first_bytes(reason, longest_reason), reason_file, sep = "", useBytes = TRUE)
      1L
    }
  )
}

internal_error <- function(reason, place) {
  paste0("internal error", if (!is.null(place)) sprintf(" in %s()", place), ": ", reason)
}

#' The name of the innermost function that is being called of those in the container's own files.
own_function <- function() {
  for (frame in rev(seq_len(sys.nframe()))) {
    called <- sys.function(frame)
    home <- environment(called)
    if (identical(attr(home, "name"), own_files)) {
      return(Find(function(name) identical(home[[name]], called), ls(home)))
    }
  }
}

#' The first characters of a UTF-8 text that fit into so many bytes.
first_bytes <- function(text, most) {
  bytes <- utils::head(charToRaw(enc2utf8(text)), most)
  iconv(rawToChar(bytes), "UTF-8", "UTF-8", sub = "") # drops the last character's half
}
