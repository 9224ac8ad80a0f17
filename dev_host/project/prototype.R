# Look at the data that a deployed model was trained on, and fit a model of your own to it, here.
#
#   Rscript prototype.R iris-tuned

# ---- Settings: edit these, or say the same on the command line -----------------------------------

workload <- "iris-tuned" # which prediction problem
model <- ""              # model=<name>: which of its models, where it has several
channel <- "train"       # channel=<name>: which of the data that it is trained on
target <- ""             # target=<column>: what to predict; "" is what the deployed model predicts

#' The model: `x` is a matrix of numbers, with a 0/1 column for each value of a category but the
#' first, and `y` what to predict.
fit_model <- function(x, y) mda::mars(x, y, degree = 2)
predict_model <- function(fit, x) as.vector(predict(fit, x))

# --------------------------------------------------------------------------------------------------

source("sagestack.R")

usage <- "Rscript prototype.R <workload> model=<name> channel=<name> target=<column>"

#' The rows of a channel of a training job: all the objects below its place in S3.
channel_rows <- function(job, name) {
  channels <- job$InputDataConfig
  names(channels) <- vapply(channels, function(each) each$ChannelName, "")
  source <- channels[[choose("channel", name, names(channels))]]$DataSource$S3DataSource
  if (source$S3DataType != "S3Prefix") {
    problem("channel %s is a %s; allowed: S3Prefix", name, source$S3DataType)
  }
  bucket <- bucket_of(source$S3Uri)
  listed <- ask_all("s3", "list_objects_v2", Bucket = bucket, Prefix = key_of(source$S3Uri))
  keys <- vapply(listed$Contents, function(object) object$Key, "")
  files <- keys[!endsWith(keys, "/")] # what S3's console makes for a folder
  if (length(files) == 0L) problem("there is nothing at %s", source$S3Uri)
  rows <- lapply(sprintf("s3://%s/%s", bucket, files), function(uri) read_rows(download(uri)))
  do.call(rbind, rows)
}

#' The column to predict, of numbers.
target_column <- function(rows, name) {
  choose("target", name, names(rows))
  if (!is.numeric(rows[[name]])) {
    problem("target: found \"%s\", a column of text; allowed: one of numbers", name)
  }
  name
}

#' The other columns as a matrix of numbers.
design <- function(rows, target) {
  stats::model.matrix(~., rows[names(rows) != target])[, -1L, drop = FALSE]
}

#' What a fit is worth on rows that it has not seen.
worth <- function(actual, predicted) {
  error <- predicted - actual
  c(
    rmse = sqrt(mean(error^2)), mae = mean(abs(error)), max_error = max(abs(error)),
    r2 = 1 - sum(error^2) / sum((actual - mean(actual))^2)
  )
}

#' The rows against each other, then what is predicted against what is so.
draw <- function(rows, actual, predicted) {
  some <- unique(round(seq(1, nrow(rows), length.out = min(nrow(rows), 1000L))))
  graphics::plot(rows[some, ], main = "Training data")
  graphics::plot(actual, predicted, main = "Rows that the model has not seen")
  graphics::abline(0, 1, lty = 2)
}

main <- function() {
  given <- read_arguments(usage, "workload")
  assert_settings(given$values, c("model", "channel", "target"))
  said <- list(workload = workload, model = model, channel = channel, target = target)
  said <- utils::modifyList(said, c(given$names, given$values))
  models <- deployed_jobs(said$workload)
  name <- choose("model", said$model, names(models))
  job <- describe("Training", models[[name]]$training_job)
  rows <- channel_rows(job, said$channel)
  deployed_target <- c(hyperparameters_of(job)$target, "")[1L]
  y <- target_column(rows, if (nzchar(said$target)) said$target else deployed_target)

  print(summary(rows))
  x <- design(rows, y)
  held_out <- seq_len(nrow(rows)) %% 5L == 0L # every fifth row
  fit <- fit_model(x[!held_out, , drop = FALSE], rows[[y]][!held_out])
  actual <- rows[[y]][held_out]
  predicted <- predict_model(fit, x[held_out, , drop = FALSE])
  cat(sprintf("\n%s of %d rows that the model has not seen:\n", y, sum(held_out)))
  print(worth(actual, predicted), digits = 6L)
  if (interactive()) return(draw(rows, actual, predicted))
  grDevices::pdf("prototype.pdf")
  draw(rows, actual, predicted)
  grDevices::dev.off()
  cat("\npictures  prototype.pdf\n")
}

run(main)
