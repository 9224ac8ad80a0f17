# `docker run IMAGE train` or `serve`, as the public recipes for R on SageMaker have it.

train <- function() {
  hyperparameters <- jsonlite::fromJSON("/opt/ml/input/config/hyperparameters.json")
  folder <- "/opt/ml/input/data/train"
  data <- read.csv(list.files(folder, full.names = TRUE)[1], stringsAsFactors = TRUE)
  target <- hyperparameters$target
  features <- data[names(data) != target]
  levels <- lapply(Filter(is.factor, features), levels)
  # ours leaves out the intercept, which mars adds of its own
  matrix <- model.matrix(~., features)[, -1]
  model <- mda::mars(matrix, data[[target]], degree = as.numeric(hyperparameters$degree))
  save(model, levels, file = "/opt/ml/model/mars-model.RData")
}

serve <- function() {
  app <- plumber::plumb("/opt/program/plumber.R")
  app$run(host = Sys.getenv("SAGEMAKER_BIND_TO_HOST", "0.0.0.0"), port = as.numeric(Sys.getenv("SAGEMAKER_BIND_TO_PORT", "8080")))
}

arguments <- commandArgs()
if (any(grepl("train", arguments))) train()
if (any(grepl("serve", arguments))) serve()
