model <- quick_model()
csv <- "series,group,horizon\nline,b,2\nflat,a,1\n"

post <- function(body, type = "text/csv", accept = NULL) {
  invoke(task, model, charToRaw(body), type, accept)
}
message_of <- function(answer) {
  expect_identical(answer[[4L]], 400L)
  jsonlite::fromJSON(answer[[1L]])$error$message
}

test_that("JSON has an object for each row, with its periods, forecasts and intervals", {
  found <- jsonlite::fromJSON(post(csv)[[1L]], simplifyVector = FALSE)$predictions
  expect_identical(lapply(found[[1L]], unlist), list(
    series = "line, b", model = "ARIMA", period = c("2004 Q1", "2004 Q2"),
    mean = c(13L, 14L), lower80 = c(12L, 13L), upper80 = c(14L, 15L),
    lower95 = c(11L, 12L), upper95 = c(15L, 16L)
  ))
  expect_identical(found[[2L]]$period, list("2004-01"))
  instances <- "{\"instances\":[{\"horizon\":2,\"group\":\"b\",\"series\":\"line\"}]}"
  one <- jsonlite::fromJSON(post(instances, "application/json")[[1L]], simplifyVector = FALSE)
  expect_identical(one$predictions, found[1L])
})

test_that("CSV has a line for each row and period, below a header where the request has one", {
  lines <- paste0(
    "line,b,2004 Q1,13,12,14,11,15\n", "line,b,2004 Q2,14,13,15,12,16\n",
    "flat,a,2004-01,7,6,8,5,9\n"
  )
  header <- "series,group,period,mean,lower80,upper80,lower95,upper95\n"
  expect_identical(post(csv, accept = "text/csv")[1:2], list(paste0(header, lines), "text/csv"))
  bare <- sub("^[^\n]*\n", "", csv)
  expect_identical(post(bare, "text/csv; header=absent")[1:2], list(lines, "text/csv"))
})

test_that("keys that need quotes have them, in either format", {
  table <- rows_of(1:36, `the "key"` = "a, \"b\"")
  model <<- as_model(fitted_series(table, settings), list())
  on.exit(model <<- quick_model())
  csv <- format_csv(list(`the "key"` = "a, \"b\"", horizon = "1"))
  answer <- post(csv, accept = "text/csv")[[1L]]
  expect_identical(parse_csv(answer)[[1L]], "a, \"b\"")
  found <- jsonlite::fromJSON(post(csv)[[1L]], simplifyVector = FALSE)$predictions[[1L]]
  expect_identical(found$series, "a, \"b\"")
})

test_that("rows that ask for the same get the same, each its own", {
  many <- paste0(csv, "line,b,2\nline,b,1\n")
  found <- jsonlite::fromJSON(post(many)[[1L]], simplifyVector = FALSE)$predictions
  expect_length(found, 4L)
  expect_identical(found[[3L]], found[[1L]])
  expect_length(found[[4L]]$mean, 1L)
})

test_that("an answer that would be longer than an endpoint takes is refused before it is made", {
  body <- function(rows, horizon = 60) {
    paste0("series,group,horizon\n", strrep(sprintf("flat,a,%d\n", horizon), rows))
  }
  refused <- "found %d periods over %d rows, expected forecasts of at most 6291456 bytes: ask"
  for (accept in c("application/json", "text/csv")) {
    bytes <- diff(vapply(1:2, function(rows) nchar(post(body(rows), accept = accept)[[1L]]), 0L))
    rows <- 6291456 %/% bytes
    expect_lte(nchar(post(body(rows - 1), accept = accept)[[1L]]), 6291456)
    found <- message_of(post(body(rows + 1), accept = accept))
    expect_match(found, sprintf(refused, as.integer((rows + 1) * 60), as.integer(rows + 1)))
  }
  # the shortest rows have most around their periods
  expect_match(message_of(post(body(100000, 1))), "found 100000 periods over 100000 rows")
  took <- system.time(found <- message_of(post(body(600000))))[["elapsed"]]
  expect_match(found, "found 36000000 periods over 600000 rows")
  expect_lt(took, 10)
})

test_that("batch transform takes longer answers", {
  withr::local_envvar(SAGEMAKER_BATCH = "true")
  rows <- paste0("series,group,horizon\n", strrep("flat,a,60\n", 10000L))
  expect_gt(nchar(post(rows)[[1L]]), 6291456)
})

test_that("wrong keys and horizons are named by row and column, with what is allowed", {
  message <- message_of(post(paste0(
    "series,group,horizon\n", "lime,b,2\n", "line,a,2\n", "line,b,21\n", "flat,a,60\n",
    "flat,a,1.5\n", "flat,a,\n", "flat,a,x\n"
  )))
  for (part in c(
    "row 1, column 'series': found 'lime', expected one of flat, line",
    "row 2, column 'group': found 'a', expected with 'series' 'line' one of b",
    "row 3, column 'horizon': found '21', expected a whole number from 1 to 20",
    "row 5, column 'horizon': found '1.5', expected a whole number from 1 to 60",
    "row 6, column 'horizon': found nothing, expected a whole number",
    "row 7, column 'horizon': found 'x', expected a whole number"
  )) expect_match(message, part, fixed = TRUE)
  expect_false(grepl("row 4", message, fixed = TRUE))
  expect_false(grepl("row 1: found no series", message, fixed = TRUE), "it is told of its key")
})

test_that("wrong columns are named", {
  expect_match(message_of(post("series,horizon\nline,2\n")), "column 'group' is missing")
  expect_match(message_of(post("series,group,horizon\n")), "found no row")
})

test_that("a model of one series without keys is asked for a horizon alone", {
  model <<- as_model(fitted_series(rows_of(1:36), settings), list())
  on.exit(model <<- quick_model())
  found <- jsonlite::fromJSON(post("horizon\n1\n")[[1L]])$predictions
  expect_identical(found$series, "the series")
  expect_identical(found$period, list("2004-01"))
  expect_identical(post("2\n", "text/csv; header=absent")[[1L]], paste0(
    "2004-01,37,36,38,35,39\n2004-02,38,37,39,36,40\n"
  ))
})
