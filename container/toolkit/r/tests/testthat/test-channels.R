test_that("all CSV files of a channel are read, columns by name", {
  folder <- folder_with("1.csv" = "a,b\n1,x\n", "2.CSV" = "b,a\ny,2\n", "notes.txt" = "not data")
  table <- list(a = c("1", "2"), b = c("x", "y"))
  expect_identical(read_folder(folder), structure(table, files = c("1.csv" = 1L, "2.CSV" = 1L)))
})

test_that("headers that disagree are named with their files", {
  folder <- folder_with("1.csv" = "a,b\n1,x\n", "2.csv" = "a,c\n1,x\n")
  expect_reported(read_folder(folder), "the header of 2.csv is a, c, expected a, b as in 1.csv")
})

test_that("files without headers are joined by position, and have to be as wide", {
  folder <- folder_with("1.csv" = "1,x\n", "2.csv" = "2,y\n")
  expect_equivalent(read_folder(folder, FALSE), list("1" = c("1", "2"), "2" = c("x", "y")))
  expect_named(read_folder(folder, FALSE), c("1", "2"))
  writeLines("1,2,3", file.path(folder, "3.csv"))
  expect_reported(read_folder(folder, FALSE), "3.csv has 3 columns, expected 2 as in 1.csv")
})

#' A job whose channels have these content types.
typed_job <- function(...) {
  paths <- job("{}", "a.csv" = "a,b\n1,x\n")
  channels <- lapply(list(...), function(type) list(ContentType = type))
  write_json(channels, paths$channels)
  paths
}

test_that("a channel's content type says whether it has a header line", {
  expect_true(channels_header(job("{}", "a.csv" = "a,b\n1,x\n"), "train"))
  expect_true(channels_header(typed_job(train = "text/csv"), "train"))
  expect_true(channels_header(typed_job(train = "text/csv; header=present"), "train"))
  expect_false(channels_header(typed_job(train = "text/CSV;header=absent"), "train"))
})

test_that("a channel that is missing has no say", {
  expect_false(channels_header(typed_job(validation = "text/csv; header=absent"), "validation"))
  paths <- typed_job(validation = "text/csv; header=absent")
  unlink(file.path(paths$data, "train"), recursive = TRUE)
  expect_false(channels_header(paths, c("train", "validation")))
  expect_reported(read_channel(paths, "train"), "'train' is missing (channels found: validation)")
  unlink(paths$channels)
  expect_true(channels_header(paths, "train"))
})

test_that("channels of a job that are not alike are told", {
  paths <- typed_job(train = "text/csv; header=absent", validation = "text/csv")
  expect_reported(channels_header(paths, c("train", "validation")), paste(
    "channel 'validation': found ContentType 'text/csv', expected a header line in all channels or",
    "in none: channel 'train' has 'text/csv; header=absent'"
  ))
})

test_that("a folder without CSV says what is there", {
  folder <- folder_with("data.parquet" = "x")
  expect_reported(read_folder(folder), "holds no .csv file (found: data.parquet)")
})

test_that("a channel that is missing is reported with those there are", {
  paths <- job("{}", "a.csv" = "a,b\n1,x\n")
  expect_reported(read_channel(paths, "test"), "'test' is missing (channels found: train)")
  writeLines("{\"batch\": {\"TrainingInputMode\": \"Pipe\"}}", paths$channels)
  expect_reported(read_channel(paths, "test"), "(channels found: train, batch)")
})

test_that("problems of a file name the file", {
  expect_reported(read_folder(folder_with("1.csv" = "a,b\n1\n")), "1.csv: row 1: found 1 fields")
  expect_reported(read_folder(folder_with("1.csv" = "a,a,\n1,2,3\n")), "column 3 has no name")
  expect_reported(read_folder(folder_with("1.csv" = "a,a,\n1,2,3\n")), "column 'a' is there twice")
})

#' A job whose channel 'train' is a pipe, and a process that writes these texts to it.
pipe_job <- function(...) {
  paths <- job("{\"target\": \"y\"}", "unread.csv" = "no,data\n")
  writeLines("{\"train\": {\"TrainingInputMode\": \"Pipe\"}}", paths$channels)
  files <- list.files(folder_with(...), full.names = TRUE)
  pipe <- file.path(paths$data, "train_0")
  system2("mkfifo", pipe)
  system2("cat", files, stdout = pipe, wait = FALSE)
  paths
}

test_that("a stream is the rows of its files, whose headers come again", {
  paths <- pipe_job("1.csv" = "y,a\r\n1,u\r\n", "2.csv" = "y,a\n2,\"v\"\n", "3.csv" = "y,a\n")
  expect_identical(read_channel(paths, "train"), list(y = c("1", "2"), a = c("u", "v")))
})

test_that("a stream without headers is all rows", {
  paths <- pipe_job("1.csv" = "1,2\n", "2.csv" = "3,4\n")
  expected <- list("1" = c("1", "3"), "2" = c("2", "4"))
  expect_identical(read_channel(paths, "train", header = FALSE), expected)
})

test_that("a long stream is read whole", {
  rows <- paste0(seq_len(5e5), ",x")
  paths <- pipe_job("1.csv" = paste0(c("y,a", rows, ""), collapse = "\n"))
  expect_identical(read_channel(paths, "train")$y, as.character(seq_len(5e5)))
})

test_that("problems of a stream name the channel", {
  for (text in c("", "\n")) {
    expect_reported(
      read_channel(pipe_job("1.csv" = text), "train"), "channel 'train': found no text"
    )
  }
  expect_reported(
    read_channel(pipe_job("1.csv" = "y,a\n1\n"), "train"), "channel 'train': row 1: found 1 fields"
  )
})

test_that("records that are not CSV are refused", {
  paths <- job("{}", "a.csv" = "a,b\n1,x\n")
  writeLines("{\"train\": {\"RecordWrapperType\": \"RecordIO\"}}", paths$channels)
  expect_reported(read_channel(paths, "train"), "found RecordWrapperType RecordIO, expected None")
})

test_that("a broken configuration file is reported, a missing one is empty", {
  folder <- folder_with(broken.json = "{\"target\": ")
  expect_reported(read_config(file.path(folder, "broken.json")), "broken.json: ")
  expect_identical(read_config(file.path(folder, "none.json")), list())
})
