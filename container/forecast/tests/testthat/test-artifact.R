#' The job of one of several instances.
job_of <- function(table, host = "algo-1", hosts = "algo-1", sharded = FALSE, validation = NULL) {
  list(
    settings = settings, channels = list(train = table, validation = validation),
    hosts = hosts, host = host, sharded = sharded
  )
}
trained <- function(...) {
  engine <<- quick_engine
  on.exit(engine <<- read_engine("forecast"))
  capture.output(model <- train_forecasts(job_of(...)))
  model
}
stored <- function(..., folder = tempfile("model")) {
  dir.create(folder, showWarnings = FALSE)
  for (model in list(...)) save_forecasts(model, folder, paste0(folder, "-beside"))
  folder
}
both <- c("algo-1", "algo-2")
series_of <- function(name) lapply(two, `[`, two$series == name)

test_that("a loaded model forecasts as the one that was saved", {
  model <- trained(two)
  folder <- stored(model)
  expect_setequal(list.files(folder), c("metadata.json", "series-algo-1.rds"))
  loaded <- load_forecasts(quick_engine, folder)
  request <- list(series = "line", group = "b", horizon = "3")
  expect_identical(
    forecast_writers[[1L]](read_request(loaded, request), ""),
    forecast_writers[[1L]](read_request(model, request), "")
  )
  expect_identical(loaded$columns, model$columns)
  fits <- readRDS(file.path(paste0(folder, "-beside"), "fits-algo-1.rds"))
  expect_identical(fits[["line, b"]]$arima$step, 1)
})

test_that("metadata say what the model takes, and the engine that made it", {
  metadata <- jsonlite::fromJSON(
    file.path(stored(trained(two)), "metadata.json"), simplifyDataFrame = FALSE
  )
  expect_identical(metadata$columns, list(
    list(name = "series", type = "category", levels = c("flat", "line")),
    list(name = "group", type = "category", levels = c("a", "b")),
    list(name = "horizon", type = "integer")
  ))
  expect_identical(metadata$engine, "forecast")
  expect_named(metadata$versions, c("R", "stats"))
  expect_identical(metadata$rows, 48L)
  expect_named(metadata$metrics, c("train", "holdout"))
})

test_that("instances that have all of the data fit a share of the series each, and load as one", {
  shares <- lapply(both, function(host) trained(two, host, both))
  expect_identical(vapply(shares, function(one) length(one$series), 0L), c(1L, 1L))
  loaded <- load_forecasts(quick_engine, stored(shares[[1L]], shares[[2L]]))
  expect_equal(loaded$metadata$metrics$train$rmse, shares[[1L]]$metadata$metrics$train$rmse)
  whole <- load_forecasts(quick_engine, stored(trained(two)))
  expect_identical(loaded$series, whole$series)
  expect_identical(loaded$columns, whole$columns)
})

test_that("one of several instances says that what it has measured is of its share", {
  share <- trained(two, "algo-1", both)
  expect_true("share: the series of algo-1, one of 2 instances" %in% training_log(share))
  file <- file.path(stored(share), "metadata.json")
  expect_identical(read_json(file)$share, "the series of algo-1, one of 2 instances")
  expect_false(any(startsWith(training_log(trained(two)), "share")))
  expect_false("share" %in% names(read_json(file.path(stored(trained(two)), "metadata.json"))))
})

test_that("instances that have files of their own fit what is in them", {
  folder <- stored(
    trained(series_of("line"), "algo-1", both, TRUE),
    trained(series_of("flat"), "algo-2", both, TRUE)
  )
  loaded <- load_forecasts(quick_engine, folder)
  expect_identical(vapply(loaded$series, series_label, ""), c("flat, a", "line, b"))
  expect_identical(loaded$columns$series$levels, c("flat", "line"))
})

test_that("more instances than series make a model, too", {
  shares <- lapply(c(both, "algo-3"), function(host) trained(two, host, c(both, "algo-3")))
  expect_length(shares[[3L]]$series, 0L)
  loaded <- load_forecasts(quick_engine, do.call(stored, shares))
  expect_length(loaded$series, 2L)
})

test_that("a series in the files of several instances is told", {
  folder <- stored(trained(two, "algo-1", both, TRUE), trained(two, "algo-2", both, TRUE))
  expect_reported(
    load_forecasts(quick_engine, folder),
    "series 'flat, a' was fitted by several instances: with ShardedByS3Key, expected all rows"
  )
})

test_that("series whose keys differ only by where a comma is load from several instances", {
  table <- bound(
    rows_of(1:36, country = "Korea, South", name = "x"),
    rows_of(36:1, country = "Korea", name = "South, x")
  )
  folder <- stored(trained(table, "algo-1", both), trained(table, "algo-2", both))
  expect_length(load_forecasts(quick_engine, folder)$series, 2L)
})

test_that("an instance whose files are missing is told, and a folder without a model", {
  folder <- stored(trained(two, "algo-1", both))
  expect_reported(
    load_forecasts(quick_engine, folder), "series-algo-2.rds is missing in"
  )
  expect_reported(
    load_forecasts(quick_engine, folder_with(notes.txt = "")),
    "expected metadata.json and series-<host>.rds, found: 'notes.txt'"
  )
})

test_that("a model of the other engine is refused with both their names", {
  folder <- stored(trained(two))
  other <- utils::modifyList(quick_engine, list(name = "fable"))
  expect_reported(
    load_forecasts(other, folder),
    "the model was made with the engine 'forecast', this image has 'fable': expected the same"
  )
})

test_that("validation data are measured, by several instances each its own series", {
  after <- bound(
    rows_of(c(9, 8), "2004-01", series = "flat", group = "a"),
    rows_of(c(13, 15), "2004 Q1", series = "line", group = "b")
  )
  metrics <- trained(two, validation = after)$metadata$metrics$validation
  expect_identical(metrics$mae, mean(c(2, 1, 0, 1)))
  shares <- lapply(both, function(host) trained(two, host, both, validation = after))
  maes <- vapply(shares, function(one) one$metadata$metrics$validation$mae, 0)
  expect_identical(maes, c(1.5, 0.5))
  expect_reported(
    trained(two, validation = series_of("line")), "channel 'validation': row 1, series"
  )
})
