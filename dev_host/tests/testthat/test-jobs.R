arn <- "arn:aws:sagemaker:eu-west-1:123456789012:"
deployed <- list(
  TrainingJobName = "app-1f-3-1-005-ab",
  TrainingJobArn = paste0(arn, "training-job/app-1f-3-1-005-ab"),
  TuningJobArn = paste0(arn, "hyper-parameter-tuning-job/app-1f-3-1"),
  TrainingJobStatus = "Completed",
  RoleArn = "role",
  HyperParameters = list(target = "y", degree = "2", `_tuning_objective_metric` = "rmse"),
  StoppingCondition = list(MaxRuntimeInSeconds = 600L),
  CheckpointConfig = list(S3Uri = "s3://b/w/checkpoints/m/App-1f-3-1", LocalPath = "/opt/c")
)
tags <- list(list(Key = "app", Value = "app"))

test_that("a training is like the deployed one but for its name, tags and what was changed", {
  request <- training_request(deployed, "new", list(degree = "1", penalty = "3"), tags)
  expect_setequal(names(request), c(
    "RoleArn", "StoppingCondition", "CheckpointConfig", "TrainingJobName", "HyperParameters", "Tags"
  ))
  expect_identical(request$HyperParameters, list(target = "y", degree = "1", penalty = "3"))
  expect_identical(request$StoppingCondition, deployed$StoppingCondition)
  expect_identical(request$TrainingJobName, "new")
  expect_identical(request$Tags, tags)
})

test_that("a training has checkpoints of its own", {
  request <- training_request(deployed, "new", list(), tags)
  expect_identical(request$CheckpointConfig$S3Uri, "s3://b/w/checkpoints/m/new")
  expect_identical(request$CheckpointConfig$LocalPath, "/opt/c")
})

test_that("an evaluation is of the new model, and writes beside the deployed one", {
  input <- function(name, uri) list(InputName = name, S3Input = list(S3Uri = uri, S3DataType = "S"))
  evaluation <- list(
    ProcessingJobName = "old", ExitMessage = "said", RoleArn = "role",
    AppSpecification = list(ContainerArguments = list("evaluate")),
    ProcessingInputs = list(input("model", "s3://b/old.tar.gz"), input("test", "s3://b/test")),
    ProcessingOutputConfig = list(
      KmsKeyId = "key",
      Outputs = list(list(S3Output = list(S3Uri = "s3://b/w/evaluations/m/old", LocalPath = "/o")))
    )
  )
  request <- evaluation_request(evaluation, "new", "s3://b/new.tar.gz", tags)
  expect_null(request$ExitMessage)
  expect_identical(request$ProcessingJobName, "new")
  expect_identical(request$AppSpecification, evaluation$AppSpecification)
  uris <- vapply(request$ProcessingInputs, function(each) each$S3Input$S3Uri, "")
  expect_identical(uris, c("s3://b/new.tar.gz", "s3://b/test"))
  expect_identical(request$ProcessingOutputConfig, list(
    KmsKeyId = "key",
    Outputs = list(list(S3Output = list(S3Uri = "s3://b/w/evaluations/m/new", LocalPath = "/o")))
  ))
})

test_that("a name has 63 characters at most, and the time in milliseconds", {
  now <- as.POSIXct("2026-11-21 03:24:38.7209", tz = "UTC")
  expect_identical(
    new_name("sagestack-iris-mars", now = now), "sagestack-iris-mars-submitted-20261121-032438-720"
  )
  long <- new_name(strrep("a", 32L), "b", "c", now = now)
  expect_identical(long, paste0(strrep("a", 32L), "-submitted-20261121-032438-720"))
  expect_lte(nchar(new_name(strrep("a", 80L), now = now)), 63L)
})

test_that("a job's tags are the app's and those that are not the deploy's own", {
  tag <- function(key, value) list(Key = key, Value = value)
  deployed <- list(
    tag("team", "flowers"), tag("app", "app"), tag("sagestack:request-id", "1"),
    tag("aws:cloudformation:stack-name", "s")
  )
  expect_identical(own_tags(deployed, "app"), list(tag("app", "app"), tag("team", "flowers")))
  expect_identical(own_tags(list(), "app"), list(tag("app", "app")))
})

test_that("a job that has not completed says why, in a line", {
  failed <- list(TrainingJobStatus = "Failed", FailureReason = "Error:\n no rows")
  expect_identical(reason("Training", "j", failed), "training job j Failed: Error: no rows")
  late <- list(TrainingJobStatus = "Stopped", SecondaryStatus = "MaxRuntimeExceeded")
  expect_identical(reason("Training", "j", late), "training job j Stopped: MaxRuntimeExceeded")
  stopped <- list(TrainingJobStatus = "Stopped", SecondaryStatus = "Stopped")
  expect_identical(reason("Training", "j", stopped), "training job j Stopped")
  bad <- list(
    ProcessingJobStatus = "Failed", FailureReason = "AlgorithmError", ExitMessage = "no model"
  )
  expect_identical(
    reason("Processing", "j", bad), "processing job j Failed: AlgorithmError; no model"
  )
})

test_that("steps and lines are printed by their time, whatever zone Python is in", {
  step <- list(
    StartTime = "2026-11-21 03:24:38.720000+01:00", Status = "Training", StatusMessage = "goes on"
  )
  event <- list(timestamp = 1795227878000, message = "rows: 150\n") # 02:24:38
  lines <- list(step_line(step), event_line(event, ""))
  expect_output(cat_lines(lines), "^rows: 150\n[0-9:]{8} Training  goes on$")
  expect_identical(host_of("job/algo-1-1763694278"), "algo-1")
})

test_that("what a failed step says is left for the end", {
  step <- list(StartTime = "2026-11-21 03:24:38+00:00", Status = "Failed", StatusMessage = "why")
  expect_match(step_line(step)$text, "Failed$")
})

test_that("figures stand beside each other, with a blank where one has none", {
  table <- side_by_side("metric", list(rmse = 0.3015533, mae = 0.2), list(rmse = 0.25, r2 = 1))
  expect_identical(names(table), c("metric", "deployed", "this job"))
  expect_identical(table$metric, c("rmse", "mae", "r2"))
  expect_identical(table$deployed, c("0.301553", "0.2", ""))
  expect_identical(table$`this job`, c("0.25", "", "1"))
  expect_silent(show_table(side_by_side("metric", list(), list())))
})
