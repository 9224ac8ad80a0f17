# The files of a model. Instances that train together each leave their own, under names that differ,
# as SageMaker packs the folders of all of them into one archive:
#   metadata.json      what the model takes and what made it, written by the first instance
#   series-<host>.rds  the series that this instance fitted, with their forecasts
# Beside them, in output.tar.gz:
#   fits-<host>.rds    the engine's own fits by series and model, for whoever reads them with R.
#                      Neither serve nor evaluate does: the forecasts are all that they ask for.

save_forecasts <- function(model, folder, beside) {
  host <- model$host
  fits <- lapply(model$series, function(one) lapply(one$models, `[[`, "fit"))
  names(fits) <- vapply(model$series, series_label, "")
  dir.create(beside, showWarnings = FALSE, recursive = TRUE)
  saveRDS(fits, file.path(beside, sprintf("fits-%s.rds", host)))
  kept <- lapply(model$series, function(one) {
    one$models <- lapply(one$models, `[`, c("is", "forecast"))
    one
  })
  saveRDS(unname(kept), file.path(folder, sprintf("series-%s.rds", host)))
  if (host != model$hosts[1L]) return(invisible())
  columns <- lapply(unname(model$columns), function(column) {
    # of several instances, none knows the levels of the others
    column$levels <- if (length(model$hosts) == 1L && !is.null(column$levels)) I(column$levels)
    column
  })
  metadata <- c(list(columns = columns, hosts = I(model$hosts)), model$metadata)
  write_json(metadata, file.path(folder, "metadata.json"))
}

#' Loads what save_forecasts of all instances wrote; a user_error names what is missing.
load_forecasts <- function(engine, folder) {
  file <- file.path(folder, "metadata.json")
  if (!file.exists(file)) {
    report(sprintf(
      "no model in %s: expected metadata.json and series-<host>.rds, found: %s",
      folder, quoted(toString(list.files(folder)))
    ))
  }
  metadata <- read_json(file, simplifyVector = TRUE, simplifyDataFrame = FALSE)
  if (!identical(metadata$engine, engine$name)) {
    report(sprintf(
      "the model was made with the engine %s, this image has %s: expected the same %s",
      quoted(metadata$engine), quoted(engine$name),
      "(build argument ENGINE), or a model that is trained again"
    ))
  }
  tell_other_versions(metadata$versions, engine_versions(engine))
  files <- file.path(folder, sprintf("series-%s.rds", metadata$hosts))
  report(sprintf(
    "%s is missing in %s: expected the series of each instance that trained (%s)",
    basename(files), folder, toString(metadata$hosts)
  )[!file.exists(files)])
  series <- unlist(lapply(files, read_rds), recursive = FALSE)
  ids <- vapply(series, series_id, "")
  twice <- vapply(series[duplicated(ids)], series_label, "")
  report(sprintf(
    "series '%s' was fitted by several instances: with ShardedByS3Key, expected %s",
    twice, "all rows of a series in one file"
  ))
  series <- series[order(ids, method = "radix")]
  as_model(series, metadata)
}

#' What answers requests: the series, what is looked up for each, and a request's columns.
as_model <- function(series, metadata) {
  list(
    series = series,
    ids = vapply(series, series_id, ""),
    limits = vapply(series, function(one) nrow(chosen(one)$forecast), 0L),
    columns = request_columns(series),
    metadata = metadata
  )
}

#' The keys of a series, and how many periods to forecast.
request_columns <- function(series) {
  c(key_columns(series), list(horizon = list(name = "horizon", type = "integer")))
}

#' What says of which series a row is.
key_columns <- function(series) {
  keys <- if (length(series) > 0L) names(series[[1L]]$keys)
  lapply(stats::setNames(nm = keys), function(name) {
    levels <- sort_levels(vapply(series, function(one) one$keys[[name]], ""))
    list(name = name, type = "category", levels = levels)
  })
}

engine_versions <- function(engine) lapply(stats::setNames(nm = engine$packages), version_of)
