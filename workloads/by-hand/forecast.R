# The better of ETS and ARIMA for each series, called by hand: Rscript workloads/by-hand/forecast.R
suppressPackageStartupMessages(suppressMessages(library(forecast)))

train <- read.csv("workloads/data/forecast/train.csv")
test <- read.csv("workloads/data/forecast/test.csv")
rmse <- function(error) sqrt(mean(error^2))

held_out <- lapply(split(train, paste(train$series, train$group)), function(rows) {
  frequency <- if (grepl("Q", rows$period[1])) 4 else 12
  y <- ts(rows$value, frequency = frequency)
  earlier <- head(y, -frequency)
  last_year <- sapply(list(ets = ets, arima = auto.arima), function(fit) {
    rmse(forecast(fit(earlier), h = frequency)$mean - tail(y, frequency))
  })
  fit <- list(ets = ets, arima = auto.arima)[[which.min(last_year)]](y)
  actual <- test$value[test$series == rows$series[1] & test$group == rows$group[1]]
  error <- as.vector(forecast(fit, h = length(actual))$mean) - actual
  list(error = error, mase = mean(abs(error)) / mean(abs(diff(y, lag = frequency))))
})

error <- unlist(lapply(held_out, `[[`, "error"))
cat(sprintf("rmse=%.15g\n", rmse(error)))
cat(sprintf("mae=%.15g\n", mean(abs(error))))
cat(sprintf("mase=%.15g\n", mean(sapply(held_out, `[[`, "mase"))))
