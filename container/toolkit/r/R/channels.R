# The rows of a channel, in the input mode that the job asks for: a folder of CSV files (File,
# FastFile), or one stream of them (Pipe).

#' A training job's channels by name, each as inputdataconfig.json describes it.
job_channels <- function(paths) {
  folders <- list.dirs(paths$data, full.names = FALSE, recursive = FALSE)
  found <- lapply(stats::setNames(nm = folders), function(name) list())
  utils::modifyList(found, read_config(paths$channels))
}

#' Whether the files of these channels of the job have header lines, which their ContentType says:
#' all of them or none.
channels_header <- function(paths, names) {
  channels <- job_channels(paths)
  names <- intersect(names, names(channels)) # one that is missing is told when it is read
  types <- vapply(channels[names], function(channel) c(channel$ContentType, "text/csv")[1L], "")
  absent <- vapply(types, request_format, "") == "text/csv; header=absent"
  other <- which(absent != absent[1L])
  report(sprintf(
    "channel '%s': found ContentType %s, expected a header line in all channels or in none: %s",
    names[other], quoted(types[other]), sprintf("channel '%s' has %s", names[1L], quoted(types[1L]))
  ))
  !any(absent)
}

#' The rows of one of the job's channels as a named list of character columns.
read_channel <- function(paths, name, header = TRUE) {
  channels <- job_channels(paths)
  channel <- channels[[name]]
  report(c(
    if (!name %in% names(channels)) {
      sprintf(
        "channel '%s' is missing (channels found: %s): give the job a channel of that name",
        name, toString(names(channels))
      )
    },
    if (identical(channel$RecordWrapperType, "RecordIO")) {
      sprintf("channel '%s': found RecordWrapperType RecordIO, expected None with CSV", name)
    }
  ))
  place <- file.path(paths$data, name)
  if (!identical(channel$TrainingInputMode, "Pipe")) {
    return(read_folder(place, header))
  }
  # one pipe for each reading of the data, counted from 0; one reading is enough
  problems_in(sprintf("channel '%s'", name), read_stream(paste0(place, "_0"), header))
}

#' All CSV files below a folder; columns are taken by name, or by position without header lines.
read_folder <- function(folder, header = TRUE) {
  files <- list.files(folder, "\\.csv$", recursive = TRUE, ignore.case = TRUE, full.names = TRUE)
  if (length(files) == 0L) {
    report(sprintf(
      "channel '%s' holds no .csv file (found: %s)",
      basename(folder), toString(utils::head(list.files(folder, recursive = TRUE), shown_problems))
    ))
  }
  tables <- lapply(files, function(file) {
    problems_in(basename(file), check_names(parse_csv(read_text(file), header)))
  })
  expected <- names(tables[[1L]])
  differs <- !vapply(tables, function(table) setequal(names(table), expected), NA)
  found <- lapply(tables[differs], names)
  report(if (header) {
    sprintf(
      "the header of %s is %s, expected %s as in %s", basename(files[differs]),
      vapply(found, toString, ""), toString(expected), basename(files[1L])
    )
  } else {
    sprintf(
      "%s has %d columns, expected %d as in %s", basename(files[differs]),
      lengths(found), length(expected), basename(files[1L])
    )
  })
  table <- lapply(stats::setNames(nm = expected), function(name) {
    unlist(lapply(tables, `[[`, name), use.names = FALSE)
  })
  rows <- vapply(tables, function(each) length(each[[1L]]), 0L)
  structure(table, files = stats::setNames(rows, basename(files)))
}

#' A named pipe that SageMaker writes a channel's files to, one after the other.
read_stream <- function(pipe, header = TRUE) {
  connection <- fifo(pipe, "rb", blocking = TRUE)
  on.exit(close(connection))
  blocks <- list(raw())
  while (length(block <- readBin(connection, "raw", 2^20)) > 0L) {
    blocks[[length(blocks) + 1L]] <- block
  }
  table <- check_names(parse_csv(as_text(unlist(blocks), "the stream"), header))
  if (!header) return(table)
  # every file but the first begins with its header again
  again <- Reduce(`&`, Map(`==`, table, names(table)))
  lapply(table, `[`, !again)
}

check_names <- function(table) {
  names <- names(table)
  report(c(
    sprintf("column %d has no name in the header", which(names == "")),
    sprintf("column '%s' is there twice", unique(names[duplicated(names) & names != ""]))
  ))
  table
}
