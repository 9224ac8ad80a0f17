# SageMaker hands over every hyperparameter as a string. A container says by rules which ones it
# takes: a named list of number(), whole_number(), flag(), choice() and column_name().

as_number <- function(text) suppressWarnings(as.numeric(text))

is_whole <- function(number) is.finite(number) & number == round(number)

as_flag <- function(text) c(true = TRUE, false = FALSE)[tolower(text)]

#' A number. `about` says what it does, in a few words. Without a value given, `default` holds; with
#' neither, the hyperparameter stays out of the settings, so that the model's own default holds.
number <- function(about, from = -Inf, to = Inf, below = Inf, default = NULL, required = FALSE) {
  rule(
    read = as_number,
    valid = function(value) is.finite(value) & value >= from & value <= to & value < below,
    allowed = with_about(paste0("a number", range_text(from, to, below)), about),
    default, required
  )
}

whole_number <- function(about, from = -Inf, to = Inf, default = NULL, required = FALSE) {
  rule(
    read = as_number,
    valid = function(value) is_whole(value) & value >= from & value <= to,
    allowed = with_about(paste0("a whole number", range_text(from, to)), about),
    default, required
  )
}

flag <- function(about = "", default = NULL, required = FALSE) {
  rule(as_flag, Negate(is.na), with_about("true or false", about), default, required)
}

choice <- function(values, about = "", default = NULL, required = FALSE) {
  rule(
    read = identity,
    valid = function(value) value %in% values,
    allowed = with_about(paste("one of", toString(values)), about),
    default, required
  )
}

#' The name of a column of the data, which a header line must say; where the data have no header
#' line, `position` is its default.
column_name <- function(about, position) {
  rule(identity, nzchar, about, required = TRUE, position = as.character(position))
}

rule <- function(read, valid, allowed, default = NULL, required = FALSE, position = NULL) {
  list(
    read = read, valid = valid, allowed = allowed, default = default, required = required,
    position = position
  )
}

with_about <- function(allowed, about) {
  if (nzchar(about)) sprintf("%s (%s)", allowed, about) else allowed
}

range_text <- function(from, to, below = Inf) {
  paste0(
    if (is.finite(from)) paste(" from", as_decimal(from)),
    if (is.finite(to)) paste(if (is.finite(from)) " to" else " up to", as_decimal(to)),
    if (is.finite(below)) paste(if (is.finite(from)) " and below" else " below", as_decimal(below))
  )
}

#' Strings to the values that `rules` allow, in the rules' order.
parse_hyperparameters <- function(rules, given, header = TRUE) {
  # SageMaker and its SDK add names of their own (_tuning_objective_metric, sagemaker_region).
  given <- given[!grepl("^(_|sagemaker_)", names(given))]
  defaults <- Filter(Negate(is.null), lapply(rules, function(rule) {
    if (header) rule$default else c(rule$position, rule$default)[1L]
  }))
  known <- intersect(names(rules), names(given))
  values <- lapply(stats::setNames(nm = known), function(name) {
    unname(rules[[name]]$read(given[[name]]))
  })
  invalid <- Filter(function(name) !isTRUE(rules[[name]]$valid(values[[name]])), known)
  required <- names(Filter(function(rule) rule$required, rules))
  absent <- setdiff(required, c(known, names(defaults)))
  unknown <- setdiff(names(given), names(rules))
  allowed <- function(names) vapply(rules[names], `[[`, "", "allowed")
  report(c(
    sprintf("hyperparameter '%s': found nothing, allowed: %s", absent, allowed(absent)),
    sprintf(
      "hyperparameter '%s': found %s, allowed: %s", invalid,
      vapply(given[invalid], quoted, ""), allowed(invalid)
    ),
    sprintf("hyperparameter '%s' is unknown, allowed: %s", unknown, toString(names(rules)))
  ))
  settings <- utils::modifyList(defaults, values)
  settings[intersect(names(rules), names(settings))]
}
