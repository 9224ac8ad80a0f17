# MARS on a split of iris, called by hand with the hyperparameters that a tuning has chosen:
# Rscript workloads/by-hand/iris-tuned.R degree=1 penalty=2
suppressPackageStartupMessages(library(mda))

arguments <- strsplit(commandArgs(trailingOnly = TRUE), "=", fixed = TRUE)
chosen <- vapply(arguments, function(argument) as.numeric(argument[[2]]), 0)
names(chosen) <- vapply(arguments, `[[`, "", 1)

irises <- function(part) {
  read.csv(file.path("workloads", "data", "iris", part), stringsAsFactors = TRUE)
}
predictors <- function(table) model.matrix(~ . - Sepal.Length, table)[, -1]

train <- irises("train.csv")
test <- irises("test.csv")
model <- mars(
  predictors(train),
  train$Sepal.Length,
  degree = chosen[["degree"]],
  penalty = chosen[["penalty"]]
)
error <- predict(model, predictors(test)) - test$Sepal.Length
around_mean <- test$Sepal.Length - mean(test$Sepal.Length)
cat(sprintf("rmse=%.15g\n", sqrt(mean(error^2))))
cat(sprintf("mae=%.15g\n", mean(abs(error))))
cat(sprintf("max_error=%.15g\n", max(abs(error))))
cat(sprintf("r2=%.15g\n", 1 - sum(error^2) / sum(around_mean^2)))
