# Multivariate adaptive regression splines: mda::mars.

# forward.step is not among them: without it mars refines an earlier fit (prevfit), which a training
# job does not have. None has a default, so that mda's own hold (its penalty depends on the degree).
hyperparameters <- list(
  degree = whole_number("the most variables in one term", from = 1),
  nk = whole_number("the most terms before pruning", from = 3),
  penalty = number("the cost of a degree of freedom", from = 0),
  thresh = number("the forward step stops below it", from = 0, below = 1),
  prune = flag()
)

fit_model <- function(data, target, settings) {
  fit <- do.call(mda::mars, c(list(x = design_matrix(data), y = target), settings))
  # What predict() does not need grows with the data; the call holds all of it once more.
  fit[c("call", "x", "residuals", "fitted.values")] <- NULL
  fit
}

predict_model <- function(fit, data) stats::predict(fit, design_matrix(data))

task <- regression(
  "mda", hyperparameters, fit_model, predict_model,
  facts = function(fit) list(terms = length(fit$selected.terms)),
  metrics = function(fit) fit["gcv"]
)
