# Train a deployed model again with other hyperparameters, on SageMaker, and compare the two.
#
#   Rscript submit.R iris-tuned degree=1 penalty=3 wait=no
#
# The job has the data, the image and the machine of the deployed one. What serves stays as it is.

# ---- Settings: edit these, or say the same on the command line -----------------------------------

workload <- "iris-tuned" # which prediction problem
model <- ""              # model=<name>: which of its models, where it has several
hyperparameters <- list(degree = 1, penalty = 3) # what is different from the deployed job
wait <- TRUE             # wait=no: only submit it
job <- ""                # job=<name>: submit nothing, follow and evaluate a job submitted before

# --------------------------------------------------------------------------------------------------

source("sagestack.R")
source("jobs.R")

usage <- paste(
  "Rscript submit.R <workload> <hyperparameter>=<value> ...",
  "model=<name> wait=yes|no job=<name>"
)

#' The settings with what the command line says; hyperparameters there take the place of all above.
settings <- function(given) {
  own <- c("model", "wait", "job")
  said <- utils::modifyList(
    list(workload = workload, model = model, wait = wait, job = job),
    c(given$names, given$values[names(given$values) %in% own])
  )
  others <- given$values[!names(given$values) %in% own]
  changed <- if (length(others) > 0L) others else hyperparameters
  c(said[names(said) != "wait"], list(
    wait = as_yes("wait", said$wait), hyperparameters = lapply(changed, as_text)
  ))
}

#' Submits a training job like the deployed one; returns its name.
train <- function(deployed, prefix, changed) {
  name <- new_name(prefix)
  submit("Training", name, deployed, function(name, tags) {
    training_request(deployed, name, changed, tags)
  })
  before <- hyperparameters_of(deployed)
  show_table(side_by_side("hyperparameter", before, utils::modifyList(before, changed)))
  name
}

#' Evaluates a model on the held-out data as the deployed one was, and prints both.
evaluate <- function(evaluation_job, prefix, artifact) {
  deployed <- describe("Processing", evaluation_job)
  name <- new_name(prefix)
  submit("Processing", name, deployed, function(name, tags) {
    evaluation_request(deployed, name, artifact, tags)
  })
  new <- follow("Processing", name)
  cat("\n")
  show_table(side_by_side("metric", metrics_of(deployed), metrics_of(new)))
  cat(sprintf("evaluation  %s\n", folder_of(new)))
}

folder_of <- function(evaluation) {
  evaluation$ProcessingOutputConfig$Outputs[[1L]]$S3Output$S3Uri
}

metrics_of <- function(evaluation) {
  file <- download(paste0(folder_of(evaluation), "/evaluation.json"))
  jsonlite::fromJSON(file, simplifyVector = FALSE)$metrics
}

#' What a training job said of itself, by the regular expressions of its workload's file.
final_metrics <- function(job) {
  metrics <- job$FinalMetricDataList
  stats::setNames(
    lapply(metrics, function(metric) metric$Value),
    vapply(metrics, function(metric) metric$MetricName, "")
  )
}

main <- function() {
  said <- settings(read_arguments(usage, "workload"))
  models <- deployed_jobs(said$workload)
  name <- choose("model", said$model, names(models))
  deployed <- describe("Training", models[[name]]$training_job)
  prefix <- paste(app(), said$workload, name, sep = "-")
  training <- if (nzchar(said$job)) said$job else train(deployed, prefix, said$hyperparameters)
  later <- sprintf("Rscript submit.R %s model=%s job=%s", said$workload, name, training)
  if (!said$wait) {
    cat(sprintf("follow and evaluate it  %s\n", later))
    return()
  }
  # Ctrl-C, or the red button of RStudio
  ended <- tryCatch(follow("Training", training), interrupt = function(i) {
    problem("the job goes on; follow and evaluate it by %s", later)
  })
  cat("\n")
  evaluation_job <- models[[name]]$evaluation_job
  if (is.null(evaluation_job)) {
    cat(sprintf("%s has no evaluation; what the training says of itself:\n\n", said$workload))
    show_table(side_by_side("metric", final_metrics(deployed), final_metrics(ended)))
  } else {
    evaluate(evaluation_job, prefix, ended$ModelArtifacts$S3ModelArtifacts)
  }
  cat(sprintf("model       %s\n", ended$ModelArtifacts$S3ModelArtifacts))
}

run(main)
