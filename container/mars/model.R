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
  fit$hinges <- hinges_of(fit)
  fit
}

#' The hinge functions, max(0, sign * (x[, column] - cut)), whose products by term are the basis: a
#' list with the first one of each term, then one with the second ones, and so on.
hinges_of <- function(fit) {
  terms <- fit$selected.terms[-1L]
  factors <- fit$factor[terms, , drop = FALSE]
  at <- which(factors != 0, arr.ind = TRUE)
  at <- at[order(at[, 1L], at[, 2L]), , drop = FALSE]
  cuts <- fit$cuts[terms, , drop = FALSE]
  hinges <- list(term = at[, 1L] + 1L, column = at[, 2L], sign = factors[at], cut = cuts[at])
  nth <- sequence(rle(hinges$term)$lengths)
  lapply(unname(split(seq_along(nth), nth)), function(these) lapply(hinges, `[`, these))
}

#' The same to the last bit as mda's predict(), which takes several times as long.
predict_model <- function(fit, data) {
  x <- t(design_matrix(data)) # so that signs and cuts are recycled along the rows of data
  basis <- rep.int(1, length(fit$selected.terms) * ncol(x))
  dim(basis) <- c(length(fit$selected.terms), ncol(x))
  # a model of before has none, as the one that serves when it is compared with a new one
  all_hinges <- if (is.null(fit$hinges)) hinges_of(fit) else fit$hinges
  for (hinges in all_hinges) {
    ramp <- hinges$sign * (x[hinges$column, ] - hinges$cut)
    basis[hinges$term, ] <- basis[hinges$term, ] * ramp * (ramp > 0)
  }
  t(basis) %*% fit$coefficients
}

task <- regression(
  "mda", hyperparameters, fit_model, predict_model,
  facts = function(fit) list(terms = length(fit$selected.terms)),
  metrics = function(fit) fit["gcv"]
)
