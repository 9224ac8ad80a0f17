# {{name}}: a linear model (stats::lm). Put your own in its place: what this file has to define is
# written at the top of toolkit/R/tabular.R, with a random forest as its example.

# What a training job may be told beside `target`: [models.*].hyperparameters of the workload.
hyperparameters <- list(
  order = whole_number("how many features may interact in one term", from = 1, default = 1)
)

# data: a data.frame of the features, numeric or factors. target: a number for each of its rows.
fit_model <- function(data, target, settings) {
  # in globalenv(), or the artifact would hold this function's data with the formula
  formula <- reformulate(sprintf("(.)^%d", settings$order), ".target", env = globalenv())
  lm(formula, cbind(.target = target, data), model = FALSE)
}

# A number for each row of data, which has the same columns as above.
predict_model <- function(fit, data) predict(fit, data)

task <- regression("stats", hyperparameters, fit_model, predict_model)
