# How submit.R asks for jobs like the deployed ones, and follows them.

# ---- Requests -----------------------------------------------------------------------------------

# What is taken over of a description; the others say what became of that job.
taken_over <- list(
  Training = c(
    "AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig",
    "VpcConfig", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining", "ExperimentConfig", "Environment", "RetryStrategy",
    "StoppingCondition"
  ),
  Processing = c(
    "AppSpecification", "RoleArn", "ProcessingInputs", "ProcessingOutputConfig",
    "ProcessingResources", "NetworkConfig", "ExperimentConfig", "Environment", "StoppingCondition"
  )
)

#' The request of CreateTrainingJob for a job like the `deployed` one, with `changed`
#' hyperparameters.
training_request <- function(deployed, name, changed, tags) {
  request <- deployed[intersect(taken_over$Training, names(deployed))]
  if (!is.null(deployed$CheckpointConfig)) {
    request$CheckpointConfig <- own_checkpoints(deployed, name)
  }
  request$TrainingJobName <- name
  hyperparameters <- utils::modifyList(hyperparameters_of(deployed), changed)
  if (length(hyperparameters) > 0L) request$HyperParameters <- hyperparameters
  request$Tags <- tags
  request
}

#' Checkpoints below the new job's name: it must not go on from the deployed model's. They are below
#' the name of the job that the deploy started, which is the tuning's if there is one. An ARN has it
#' in lower case.
own_checkpoints <- function(deployed, name) {
  arn <- c(deployed$TuningJobArn, deployed$TrainingJobArn)[1L]
  checkpoints <- deployed$CheckpointConfig
  checkpoints$S3Uri <- gsub(basename(arn), name, checkpoints$S3Uri, ignore.case = TRUE)
  checkpoints
}

#' The request of CreateProcessingJob for an evaluation like the `deployed` one, of another model.
#' What comes of it is beside that of the deployed one, where the job's role may write.
evaluation_request <- function(deployed, name, artifact, tags) {
  request <- deployed[intersect(taken_over$Processing, names(deployed))]
  request$ProcessingInputs <- lapply(request$ProcessingInputs, function(input) {
    if (input$InputName == "model") input$S3Input$S3Uri <- artifact
    input
  })
  output <- request$ProcessingOutputConfig$Outputs[[1L]]
  output$S3Output$S3Uri <- paste0(dirname(output$S3Output$S3Uri), "/", name)
  request$ProcessingOutputConfig$Outputs[[1L]] <- output
  request$ProcessingJobName <- name
  request$Tags <- tags
  request
}

#' The name of a job submitted now: the words in front are cut where 63 characters need it.
new_name <- function(..., now = Sys.time()) {
  stamp <- sub(".", "-", format(now, "submitted-%Y%m%d-%H%M%OS3", tz = "UTC"), fixed = TRUE)
  words <- substr(paste(..., sep = "-"), 1L, 62L - nchar(stamp))
  paste0(sub("-+$", "", words), "-", stamp)
}

#' The tags of a job like one with these: the app's, and those that are no other's. The last one
#' tells the deploy which job is its own; those of AWS it sets itself.
own_tags <- function(tags, app) {
  keys <- vapply(tags, function(tag) tag$Key, "")
  kept <- tags[!grepl("^aws:", keys) & !keys %in% c("app", "sagestack:request-id")]
  c(list(list(Key = "app", Value = app)), kept)
}

#' Submits a job, with the tags of the deployed one; `request` is made with its name and tags.
submit <- function(kind, name, like, request) {
  arn <- like[[sprintf("%sJobArn", kind)]]
  tags <- own_tags(ask_all("sagemaker", "list_tags", ResourceArn = arn)$Tags, app())
  operation <- sprintf("create_%s_job", tolower(kind))
  do.call(ask, c(list("sagemaker", operation), request(name, tags)))
  cat(sprintf("submitted %s job  %s\n\n", tolower(kind), name))
}

# ---- Following ----------------------------------------------------------------------------------

# Seconds between two looks. CloudWatch is about as far behind the container.
interval <- 2

#' Prints what a job says until it has ended; returns its last description. Stops with the job's
#' reason if it has not completed.
follow <- function(kind, name) {
  steps <- 0L
  tokens <- list()
  repeat {
    job <- describe(kind, name)
    all_steps <- job$SecondaryStatusTransitions
    log <- read_log(kind, name, tokens)
    tokens <- log$tokens
    cat_lines(c(lapply(utils::tail(all_steps, length(all_steps) - steps), step_line), log$lines))
    steps <- length(all_steps)
    if (!status_of(kind, job) %in% c("InProgress", "Stopping")) break
    Sys.sleep(interval)
  }
  repeat { # what is left
    Sys.sleep(interval)
    log <- read_log(kind, name, tokens)
    tokens <- log$tokens
    if (length(log$lines) == 0L) break
    cat_lines(log$lines)
  }
  if (status_of(kind, job) != "Completed") problem("%s", reason(kind, name, job))
  job
}

status_of <- function(kind, job) job[[sprintf("%sJobStatus", kind)]]

#' How a job ended that has not completed, with SageMaker's and the program's reasons.
reason <- function(kind, name, job) {
  given <- c(job$FailureReason, job$ExitMessage)
  # a job that took too long says that only there
  if (length(given) == 0L) given <- job$SecondaryStatus
  status <- status_of(kind, job)
  because <- paste(setdiff(given, c("", status)), collapse = "; ")
  ended <- sprintf("%s job %s %s", tolower(kind), name, status)
  # a reason may have several lines
  if (nzchar(because)) paste0(ended, ": ", gsub("[[:space:]]+", " ", because)) else ended
}

#' Lines of all streams of the job since the `tokens`, each with its time, and the tokens of now.
read_log <- function(kind, name, tokens) {
  group <- sprintf("/aws/sagemaker/%sJobs", kind)
  streams <- log_streams(group, paste0(name, "/"))
  lines <- list()
  for (stream in streams) {
    repeat { # the same token twice in a row is the end
      since <- tokens[[stream]]
      place <- if (is.null(since)) list(startFromHead = TRUE) else list(nextToken = since)
      arguments <- c(list("logs", "get_log_events"), place)
      page <- do.call(ask, c(arguments, logGroupName = group, logStreamName = stream))
      host <- if (length(streams) > 1L) paste0(host_of(stream), " ") else ""
      lines <- c(lines, lapply(page$events, event_line, host = host))
      tokens[[stream]] <- page$nextForwardToken
      if (identical(tokens[[stream]], since)) break
    }
  }
  list(lines = lines, tokens = tokens)
}

#' The names of the streams. The group is not there before any job of the account has said anything.
log_streams <- function(group, prefix) {
  found <- tryCatch(
    ask_all("logs", "describe_log_streams", logGroupName = group, logStreamNamePrefix = prefix),
    error = function(e) {
      if (grepl("ResourceNotFoundException", conditionMessage(e), fixed = TRUE)) list() else stop(e)
    }
  )
  vapply(found$logStreams, function(stream) stream$logStreamName, "")
}

#' algo-1 of a stream <job>/algo-1-<time of its start>.
host_of <- function(stream) sub("-[0-9]+$", "", basename(stream))

event_line <- function(event, host) {
  list(time = event$timestamp / 1000, text = paste0(host, sub("\n+$", "", event$message)))
}

#' A step that SageMaker takes with a job. Why one failed is said in the end.
step_line <- function(step) {
  message <- if (step$Status == "Failed") "" else c(step$StatusMessage, "")[1L]
  started <- time_of(step$StartTime)
  text <- sprintf("%s %s  %s", format(started, "%H:%M:%S"), step$Status, message)
  list(time = as.numeric(started), text = sub(" +$", "", text))
}

#' The time of Python's "2026-11-21 03:24:38.720000+00:00".
time_of <- function(text) {
  as.POSIXct(sub(":([0-9]{2})$", "\\1", text), format = "%Y-%m-%d %H:%M:%OS%z")
}

cat_lines <- function(lines) {
  times <- vapply(lines, function(line) line$time, 0)
  for (line in lines[order(times)]) cat(line$text, "\n", sep = "")
}

# ---- Figures ------------------------------------------------------------------------------------

#' A table of two named lists, one beside the other.
side_by_side <- function(what, deployed, new) {
  keys <- as.character(union(names(deployed), names(new)))
  table <- data.frame(keys, shown(deployed[keys]), shown(new[keys]))
  stats::setNames(table, c(what, "deployed", "this job"))
}

shown <- function(values) {
  vapply(unname(values), FUN.VALUE = "", function(value) {
    if (is.numeric(value)) sprintf("%.6g", value) else c(value, "")[1L]
  })
}

#' Prints a table that has rows, with a blank line after it.
show_table <- function(table) {
  if (nrow(table) == 0L) return(invisible())
  print(table, row.names = FALSE, right = FALSE)
  cat("\n")
}
