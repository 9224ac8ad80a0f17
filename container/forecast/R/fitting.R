# Fitting the models of many series, in parallel over the cores.

# Both of them, for `best`.
models <- c("ets", "arima")

#' Fits all models that the settings ask for to each series. Each series comes back with
#'   models  by name: list(is, forecast, residuals, holdout, fit): what was chosen, as "ETS(M,A,M)";
#'           a matrix of forecasts by period ahead; the errors of the training data one period
#'           ahead; those of the held-out end, NULL without one; and the engine's own fit
#'   chosen  the name of the model that answers
fit_all <- function(series, settings, engine, cores = usable_cores()) {
  kinds <- if (settings$model == "best") models else settings$model
  # once, before the processes are forked
  suppressMessages(for (package in engine$packages) loadNamespace(package))
  work <- expand.grid(kind = kinds, at = seq_along(series), stringsAsFactors = FALSE)
  # a process for each fit: they take very different times, and one that dies is one that is missed
  fits <- parallel::mclapply(
    seq_len(nrow(work)),
    function(i) safely_fit(work$kind[i], series[[work$at[i]]], settings, engine),
    mc.cores = cores, mc.preschedule = FALSE
  )
  report(unlist(Map(
    function(fit, kind, at) fit_problem(fit, kind, series[[at]]), fits, work$kind, work$at
  )))
  Map(function(one, at) {
    one$models <- stats::setNames(fits[work$at == at], kinds)
    one$chosen <- choose_model(one$models)
    one
  }, series, seq_along(series))
}

safely_fit <- function(kind, series, settings, engine) {
  tryCatch(
    suppressWarnings(fit_model(kind, series, settings, engine)),
    error = function(e) list(error = conditionMessage(e))
  )
}

#' Why a model could not be fitted, naming the series; NULL where it could.
fit_problem <- function(fit, kind, series) {
  if (is.list(fit) && is.null(fit$error)) return(NULL)
  sprintf(
    "series '%s': the model %s could not be fitted: %s", series_label(series), kind,
    c(if (is.list(fit)) fit$error, "its process ended, for want of memory for instance")[1L]
  )
}

fit_model <- function(kind, series, settings, engine) {
  set.seed(1L)
  fit_to <- function(values) {
    engine$fit(
      kind, values, series$start, series$frequency, settings$criterion, settings$trend
    )
  }
  values <- series$values
  fit <- fit_to(values)
  held_out <- held_out_periods(series$frequency, settings)
  list(
    is = engine$describe(fit),
    forecast = whole_forecast(
      engine$forecast(fit, longest_horizon(series$frequency, settings))
    ),
    residuals = engine$fitted(fit) - values,
    holdout = if (held_out > 0) {
      end <- length(values) - held_out
      earlier <- fit_to(values[seq_len(end)])
      whole_forecast(engine$forecast(earlier, held_out))[, "mean"] - values[-seq_len(end)]
    },
    fit = fit
  )
}

#' The forecasts themselves, where all of them are numbers.
whole_forecast <- function(forecast) {
  forecast <- unclass(as.matrix(forecast))
  attr(forecast, "tsp") <- NULL
  if (!all(is.finite(forecast))) stop("its forecasts are not finite")
  forecast
}

#' The model whose forecasts of the held-out end have the smaller RMSE, the first of equal ones.
choose_model <- function(candidates) {
  if (length(candidates) == 1L) return(names(candidates))
  errors <- vapply(candidates, function(candidate) mean(candidate$holdout^2), 0)
  names(candidates)[which.min(errors)]
}

#' The model of a fitted series that answers.
chosen <- function(series) series$models[[series$chosen]]

#' The cores that this process may use, which may be fewer than the machine has.
usable_cores <- function() {
  count <- suppressWarnings(tryCatch(system2("nproc", stdout = TRUE), error = function(e) "1"))
  max(1L, as.integer(count), na.rm = TRUE)
}
