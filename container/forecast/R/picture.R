# The picture of an evaluation: a panel for each series with its history, forecast and what came.

# More panels than these would be too small to read; those of the worst forecasts are drawn then.
most_panels <- 12L

# Pixels.
picture_width <- 1600
heading_height <- 165
panel_height <- 370
lone_height <- 600 # of panels that have no others below them

blue <- palette[1L]
ribbons <- c("95" = "#DCE9F3", "80" = "#A9CBE3")

draw_forecasts <- function(file, series, rows, metrics) {
  drawn <- panels_of(series, rows)
  columns <- panel_columns(length(drawn))
  lines <- ceiling(length(drawn) / columns)
  height <- heading_height + (if (lines > 1) lines * panel_height else lone_height) + 20
  open_picture(file, picture_width, height)
  on.exit(grDevices::dev.off())
  graphics::layout(matrix(seq_len(lines * columns), lines, byrow = TRUE))
  inch <- 144
  graphics::par(
    omi = c(20, 10, heading_height, 20) / inch, mar = c(2, 3.4, 3.4, 1), las = 1, bty = "n",
    tcl = 0, xaxs = "i", yaxs = "i", cex = 0.75, col.axis = ink
  )
  for (i in drawn) draw_series(series[[i]], rows, i)
  draw_forecast_heading(series, rows, length(drawn), metrics, height)
}

#' The places of the series that are drawn: those with held-out rows, in their own order.
panels_of <- function(series, rows) {
  some <- sort(unique(rows$at))
  if (length(some) <= most_panels) return(some)
  errors <- errors_of(series, rows)
  mase <- vapply(some, function(i) accuracy(errors[[i]], naive_error(series[[i]]))$mase, 0)
  sort(some[order(-mase)][seq_len(most_panels)])
}

panel_columns <- function(count) {
  if (count <= 2L) return(count)
  if (count <= 4L) return(2L)
  if (count %in% c(5L, 6L, 9L)) 3L else 4L
}

draw_series <- function(one, rows, i) {
  here <- rows$at == i
  step <- rows$step[here]
  actual <- rows$actual[here][order(step)]
  step <- sort(step)
  steps <- seq_len(max(step))
  forecast <- chosen(one)$forecast[steps, , drop = FALSE]
  # twice as much of the past as of the future, and three years at least
  past <- utils::tail(seq_along(one$values), max(2 * length(steps), 3 * one$frequency))
  origin <- one$start + length(one$values) - 1
  year <- function(number) number / one$frequency
  history <- year(one$start + past - 1)
  future <- year(origin + steps)

  x_range <- range(history, future) + c(0, 0.02) * diff(range(history, future))
  values <- c(one$values[past], actual, forecast)
  y_range <- padded(values)
  if (all(values >= 0)) y_range <- pmax(y_range, 0)
  plot(NA, xlim = x_range, ylim = y_range, axes = FALSE, ann = FALSE)
  draw_axes(x_range, y_range)
  # from the last value on, which is certain
  x <- c(year(origin), future)
  last <- utils::tail(one$values, 1L)
  for (level in names(ribbons)) {
    low <- forecast[, paste0("lower", level)]
    high <- forecast[, paste0("upper", level)]
    y <- c(last, high, rev(low), last)
    graphics::polygon(c(x, rev(x)), y, col = ribbons[level], border = NA)
  }
  graphics::lines(history, one$values[past], col = ink, lwd = 1.3)
  graphics::lines(x, c(last, forecast[, "mean"]), col = blue, lwd = 2)
  graphics::points(
    year(origin + step), actual,
    pch = 21L, cex = 0.8, lwd = 0.5, col = "white", bg = ink
  )
  draw_panel_title(one, forecast[step, "mean"] - actual)
}

draw_axes <- function(x_range, y_range) {
  years <- pretty(x_range, 4L)
  years <- years[years == round(years) & years >= x_range[1L] & years <= x_range[2L]]
  ticks <- pretty(y_range, 4L)
  ticks <- ticks[ticks >= y_range[1L] & ticks <= y_range[2L]]
  graphics::abline(h = ticks, v = years, col = faint)
  graphics::axis(1, years, years, lwd = 0, line = -0.7)
  graphics::axis(2, ticks, readable(ticks), lwd = 0, line = -0.7)
}

draw_panel_title <- function(one, errors) {
  mase <- accuracy(errors, naive_error(one))$mase
  name <- if (length(one$keys) == 0L) "the series" else paste(one$keys, collapse = " \u00b7 ")
  subtitle <- paste(c(
    chosen(one)$is, if (!is.na(mase)) paste("MASE", readable(signif(mase, 3L)))
  ), collapse = "    ")
  left <- graphics::par("usr")[1L]
  size <- 0.72
  title <- fitted_text(name, size / graphics::par("cex"))
  graphics::mtext(title, 3, line = 1.4, at = left, adj = 0, font = 2, cex = size, col = ink)
  graphics::mtext(subtitle, 3, line = 0.35, at = left, adj = 0, cex = 0.62, col = grey)
}

#' A bold text, cut to the width of the panel, at a size relative to the panel's own.
fitted_text <- function(text, size) {
  room <- diff(graphics::par("usr")[1:2])
  for (most in nchar(text):4) {
    cut <- shorten(text, most)
    if (graphics::strwidth(cut, cex = size, font = 2) <= room) break
  }
  cut
}

#' The title, the figures below it, and what lines, points and colours mean.
draw_forecast_heading <- function(series, rows, drawn, metrics, height) {
  graphics::par(fig = c(0, 1, 0, 1), omi = rep(0, 4), mar = rep(0, 4), new = TRUE, cex = 1)
  plot(NA, xlim = c(0, 1), ylim = c(-height, 0), axes = FALSE, ann = FALSE)
  count <- length(unique(rows$at))
  title <- sprintf(
    "Forecasts of %s series, %s held-out %s", readable(count), readable(length(rows$at)),
    ngettext(length(rows$at), "period", "periods")
  )
  if (drawn < count) title <- sprintf("%s: the %d series of the largest MASE", title, drawn)
  graphics::text(0.015, -52, title, adj = c(0, 0), font = 2, cex = 1.15, col = ink)
  graphics::text(
    0.015, -97, paste(forecast_figures(series, rows, metrics), collapse = "      "),
    adj = c(0, 0), cex = 0.9, col = ink
  )
  draw_legend(-140)
}

draw_legend <- function(y) {
  x <- 0.015
  key <- function(text, draw) {
    draw(x)
    graphics::text(x + 0.026, y, text, adj = c(0, 0.35), cex = 0.8, col = ink)
    x <<- x + 0.026 + graphics::strwidth(text, cex = 0.8) + 0.025
  }
  line <- function(colour, width) {
    function(x) graphics::segments(x, y, x + 0.02, y, col = colour, lwd = width)
  }
  box <- function(colour) {
    function(x) graphics::rect(x, y - 9, x + 0.02, y + 9, col = colour, border = NA)
  }
  key("history", line(ink, 1.3))
  key("actual", function(x) {
    graphics::points(x + 0.01, y, pch = 21L, cex = 0.9, lwd = 0.5, col = "white", bg = ink)
  })
  key("forecast", line(blue, 2.2))
  key("80 % interval", box(ribbons["80"]))
  key("95 % interval", box(ribbons["95"]))
}

#' The figures as the heading shows them. RMSE and MAE of several series have no unit to be read in.
forecast_figures <- function(series, rows, metrics) {
  forecast <- row_forecasts(series, rows)
  within <- function(level) {
    low <- forecast[, paste0("lower", level)]
    sprintf(
      "%.0f %% within the %d %% intervals",
      100 * mean(rows$actual >= low & rows$actual <= forecast[, paste0("upper", level)]), level
    )
  }
  shown <- metrics[c("mase", "rmse", "mae")]
  shown <- shown[!is.na(shown)]
  c(
    sprintf("%s %s", toupper(names(shown)), vapply(shown, function(x) readable(signif(x, 3L)), "")),
    within(80), within(95)
  )
}
