# MARS on all of iris, called by hand: Rscript workloads/by-hand/iris-mars.R
suppressPackageStartupMessages(library(mda))

irises <- read.csv("workloads/data/iris.csv", stringsAsFactors = TRUE)
x <- model.matrix(~ . - Sepal.Length, irises)[, -1]
model <- mars(x, irises$Sepal.Length, degree = 2)
error <- predict(model, x) - irises$Sepal.Length
cat(sprintf("rmse=%.15g\n", sqrt(mean(error^2))))
