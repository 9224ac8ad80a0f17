# SageMaker hands over every hyperparameter as a string.

as_number <- function(text) suppressWarnings(as.numeric(text))

is_whole <- function(number) is.finite(number) & number == round(number)

as_flag <- function(text) c(true = TRUE, false = FALSE)[tolower(text)]

# The arguments of mda::mars that a job can set, under its own names. forward.step is not among
# them: without it mars refines an earlier fit (prevfit), which a training job does not have.
hyperparameter_rules <- list(
  target = list(
    read = identity,
    valid = nzchar,
    allowed = "the name of the column to predict"
  ),
  degree = list(
    read = as_number,
    valid = function(value) is_whole(value) & value >= 1,
    allowed = "a whole number from 1 (the most variables in one term)"
  ),
  nk = list(
    read = as_number,
    valid = function(value) is_whole(value) & value >= 3,
    allowed = "a whole number from 3 (the most terms before pruning)"
  ),
  penalty = list(
    read = as_number,
    valid = function(value) is.finite(value) & value >= 0,
    allowed = "a number from 0 (the cost of a degree of freedom)"
  ),
  thresh = list(
    read = as_number,
    valid = function(value) is.finite(value) & value >= 0 & value < 1,
    allowed = "a number from 0 and below 1 (the forward step stops below it)"
  ),
  prune = list(
    read = as_flag,
    valid = Negate(is.na),
    allowed = "true or false"
  )
)

#' Strings to the values that `hyperparameter_rules` allow. What is not given stays out, so that
#' mda::mars' own defaults hold (its penalty depends on the degree).
parse_hyperparameters <- function(given) {
  # SageMaker and its SDK add names of their own (_tuning_objective_metric, sagemaker_region).
  given <- given[!grepl("^(_|sagemaker_)", names(given))]
  unknown <- setdiff(names(given), names(hyperparameter_rules))
  known <- intersect(names(hyperparameter_rules), names(given))
  values <- lapply(stats::setNames(nm = known), function(name) {
    unname(hyperparameter_rules[[name]]$read(given[[name]]))
  })
  valid <- function(name) isTRUE(hyperparameter_rules[[name]]$valid(values[[name]]))
  invalid <- Filter(Negate(valid), known)
  report(c(
    if (is.null(given$target)) {
      paste("hyperparameter 'target': found nothing, allowed:", hyperparameter_rules$target$allowed)
    },
    sprintf(
      "hyperparameter '%s': found %s, allowed: %s", invalid,
      vapply(given[invalid], quoted, ""),
      vapply(hyperparameter_rules[invalid], `[[`, "", "allowed")
    ),
    sprintf(
      "hyperparameter '%s' is unknown, allowed: %s", unknown,
      toString(names(hyperparameter_rules))
    )
  ))
  values
}
