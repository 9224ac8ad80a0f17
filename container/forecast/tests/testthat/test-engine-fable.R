# Stand-ins for the functions of fable and its companions, with the arguments that are documented
# for them. What they fit and forecast is r-cran-forecast's.

registerS3method("quantile", "stand_in", function(x, probs, ...) {
  unclass(x)$mean + unclass(x)$sd * stats::qnorm(probs)
})
registerS3method("fitted", "stand_in_mable", function(object, ...) {
  list(.fitted = as.vector(stats::fitted(object$fit[[1L]])))
})

#' The kinds that a special of a formula names, as trend(c("N", "A")).
special <- function(formula, name) {
  terms <- as.list(formula[[3L]])
  parts <- if (identical(terms[[1L]], quote(`+`))) terms[-1L] else list(formula[[3L]])
  Find(function(part) identical(part[[1L]], as.name(name)), parts)
}

stand_ins <- list(
  tsibble = list(
    make_yearmonth = function(year = 1970L, month = 1L) year * 12 + month - 1,
    make_yearquarter = function(year = 1970L, quarter = 1L) year * 4 + quarter - 1,
    tsibble = function(..., key = NULL, index, regular = TRUE, .drop = TRUE) {
      columns <- list(...)
      columns$index <- columns[[as.character(substitute(index))]]
      columns
    }
  ),
  fable = list(
    ETS = function(formula, opt_crit, nmse = 3, bounds, ic = c("aicc", "aic", "bic"),
                   restrict = TRUE, ...) {
      kinds <- eval(special(formula, "trend")[[2L]])
      function(series) {
        damped <- if (length(kinds) == 1L) kinds == "Ad"
        form <- if (length(kinds) == 1L) sprintf("Z%sZ", substr(kinds, 1L, 1L)) else "ZZZ"
        forecast::ets(series, form, damped = damped, ic = ic)
      }
    },
    ARIMA = function(formula, ic = c("aicc", "aic", "bic"), order_constraint, ...) {
      first <- eval(special(formula, "pdq")$d)
      seasonal <- eval(special(formula, "PDQ")$D)
      orders <- list(p = 0, q = 0, P = 0, Q = 0, d = first[1L], D = seasonal[1L], constant = 1)
      drift <- eval(substitute(order_constraint), c(list(d = 1, D = 0), orders))
      function(series) {
        forecast::auto.arima(
          series,
          ic = ic, allowdrift = drift, max.d = max(first), max.D = max(seasonal),
          d = if (length(first) == 1L) first else NA,
          D = if (length(seasonal) == 1L) seasonal else NA
        )
      }
    }
  ),
  fabletools = list(
    model = function(.data, ..., .safely = TRUE) {
      frequency <- if (.data$index[1L] > 10000) 12 else 4
      series <- stats::ts(.data$value, frequency = frequency)
      structure(list(fit = list(list(...)$fit(series))), class = "stand_in_mable")
    },
    forecast = function(object, new_data = NULL, h = NULL, ...) {
      found <- forecast::forecast(object$fit[[1L]], h = h, level = 95)
      sd <- as.vector(found$upper - found$mean) / stats::qnorm(0.975)
      mean <- as.vector(found$mean)
      list(.mean = mean, value = structure(list(mean = mean, sd = sd), class = "stand_in"))
    },
    model_sum = function(x) if (inherits(x, "ets")) x$method else as.character(x)
  ),
  feasts = list(
    unitroot_nsdiffs = function(x, alpha = 0.05, unitroot_fn, differences = 0:2, .period = 1, ...) {
      c(nsdiffs = forecast::nsdiffs(stats::ts(x, frequency = .period)))
    }
  )
)

with_stand_ins <- new.env(parent = globalenv())
assign("::", function(pkg, name) {
  package <- as.character(substitute(pkg))
  name <- as.character(substitute(name))
  if (!package %in% names(stand_ins)) return(getExportedValue(package, name))
  stopifnot(name %in% names(stand_ins[[package]]))
  stand_ins[[package]][[name]]
}, with_stand_ins)
sys.source("../../R/engine-fable.R", with_stand_ins)
fable <- with_stand_ins$fable_engine

test_that("fable's engine forecasts as the other does, where both fit the same", {
  for (case in list(
    list("ets", AirPassengers, "auto"), list("ets", UKgas, "damped"), list("ets", ldeaths, "none"),
    list("arima", AirPassengers, "auto"), list("arima", UKgas, "additive"),
    list("arima", AirPassengers, "none")
  )) {
    fits <- lapply(list(fable, forecast_engine), function(engine) {
      start <- round(stats::tsp(case[[2L]])[1L] * stats::frequency(case[[2L]]))
      fit <- engine$fit(
        case[[1L]], as.vector(case[[2L]]), start, stats::frequency(case[[2L]]), "aicc", case[[3L]]
      )
      list(
        is = engine$describe(fit), forecast = whole_forecast(engine$forecast(fit, 6)),
        fitted = engine$fitted(fit)
      )
    })
    expect_equal(fits[[1L]], fits[[2L]], label = paste(case[[1L]], case[[3L]]))
  }
})

test_that("fable is asked for the trend, criterion and differences that the settings mean", {
  calls <- list()
  record <- function(name) function(...) calls[[name]] <<- as.list(sys.call())[-1L]
  stand_ins$fable <<- list(ETS = record("ets"), ARIMA = record("arima"))
  with_stand_ins$fable_ets("bic", "auto")
  expect_identical(calls$ets[[1L]][[3L]][[2L]], c("N", "A", "Ad"))
  expect_identical(calls$ets$ic, "bic")
  with_stand_ins$fable_arima(1:8, 4, "aic", "none")
  expect_identical(deparse(calls$arima[[1L]]), "value ~ pdq(d = 0:1) + PDQ(D = 0L)")
  expect_match(deparse(calls$arima$order_constraint), "(constant + d + D <= 1)", fixed = TRUE)
  with_stand_ins$fable_arima(as.vector(UKgas), 4, "aic", "damped")
  expect_identical(deparse(calls$arima[[1L]]), "value ~ pdq(d = 0L) + PDQ(D = 1L)")
  with_stand_ins$fable_arima(as.vector(UKgas), 4, "aic", "auto")
  expect_identical(deparse(calls$arima[[1L]]), "value ~ pdq(d = 0:2) + PDQ(D = 0:1)")
  expect_match(deparse(calls$arima$order_constraint), "(constant + d + D <= 2)", fixed = TRUE)
  with_stand_ins$fable_arima(as.vector(UKgas), 4, "aic", "additive")
  expect_identical(deparse(calls$arima[[1L]]), "value ~ pdq(d = 1L) + PDQ(D = 0:1)")
})
