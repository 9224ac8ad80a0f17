# The picture of an evaluation: predicted against actual values, and the errors beside them.

#' The values of the first category with no more levels than there are colours, as a factor; NULL
#' where the model has none.
first_category <- function(columns, table) {
  is_first <- function(column) {
    column$type == "category" && length(column$levels) <= length(palette)
  }
  column <- Find(is_first, columns)
  if (!is.null(column)) factor(table[[column$name]], column$levels)
}

#' Draws the report. `rows` are list(actual, predicted), `group` is a factor or NULL.
write_report <- function(file, rows, metrics, group, target, unit) {
  open_picture(file, 1600, 800)
  on.exit(grDevices::dev.off())
  graphics::layout(matrix(1:2, 1L), widths = c(9, 11))
  graphics::par(
    oma = c(0.2, 0, 5.6, 1), las = 1, bty = "n", tcl = 0, xaxs = "i", yaxs = "i",
    col.axis = ink, cex.axis = 0.8
  )
  count <- length(rows$actual)
  name <- shorten(target, 32L)
  draw_predictions(rows, group, name, unit)
  draw_errors(rows, group, metrics$rmse, name, unit)
  draw_heading(
    title = sprintf(
      "%s, predicted for %s held-out %s", name, readable(count), ngettext(count, "row", "rows")
    ),
    figures = figure_texts(metrics, unit), groups = levels(group)
  )
}

draw_predictions <- function(rows, group, name, unit) {
  range <- padded(c(rows$actual, rows$predicted))
  frame(range, range, with_unit(paste("Actual", name), unit), with_unit("Predicted", unit))
  draw_points(rows$actual, rows$predicted, group)
  graphics::abline(0, 1, col = grey, lwd = 1.5)
}

draw_errors <- function(rows, group, rmse, name, unit) {
  errors <- rows$predicted - rows$actual
  largest <- max(abs(errors))
  frame(
    padded(rows$predicted), padded(c(-largest, largest)),
    with_unit(paste("Predicted", name), unit), with_unit("Predicted \u2212 actual", unit)
  )
  draw_points(rows$predicted, errors, group)
  graphics::abline(h = 0, col = grey, lwd = 1.5)
  graphics::abline(h = c(-rmse, rmse), col = grey, lty = 2)
  graphics::mtext("\u00b1 RMSE", 4, at = rmse, line = 0.2, cex = 0.7, col = grey)
}

#' An empty plot with a faint grid and both axes labelled.
frame <- function(x_range, y_range, x_label, y_label) {
  x_ticks <- ticks_within(x_range)
  y_ticks <- ticks_within(y_range)
  y_texts <- readable(y_ticks)
  gap <- 1.2 + 0.5 * max(nchar(y_texts)) # lines that the ticks' texts take
  graphics::par(mar = c(3.2, gap + 1.8, 0.4, 2.2))
  plot(NA, xlim = x_range, ylim = y_range, axes = FALSE, ann = FALSE)
  graphics::abline(h = y_ticks, v = x_ticks, col = faint)
  graphics::axis(1, x_ticks, readable(x_ticks), lwd = 0, line = -0.6)
  graphics::axis(2, y_ticks, y_texts, lwd = 0, line = -0.6)
  graphics::mtext(x_label, 1, line = 1.9, cex = 0.9, col = ink)
  graphics::mtext(y_label, 2, line = gap, cex = 0.9, col = ink, las = 0)
}

draw_points <- function(x, y, group) {
  colour <- palette[if (is.null(group)) 1L else as.integer(group)]
  if (length(x) <= 500L) {
    graphics::points(x, y, pch = 21L, cex = 1.1, lwd = 0.5, col = "white", bg = colour)
  } else {
    graphics::points(x, y, pch = 16L, cex = 0.5, col = grDevices::adjustcolor(colour, 0.4))
  }
}

#' The title, the figures below it, and what the colours mean.
draw_heading <- function(title, figures, groups) {
  graphics::par(fig = c(0, 1, 0, 1), oma = c(0, 0, 0, 0), mar = c(0, 0, 0, 0), new = TRUE)
  plot(NA, xlim = c(0, 1), ylim = c(0, 1), axes = FALSE, ann = FALSE)
  graphics::text(0.02, 0.93, title, adj = c(0, 0), font = 2, cex = 1.25, col = ink)
  graphics::text(0.02, 0.868, paste(figures, collapse = "      "), adj = c(0, 0), col = ink)
  if (is.null(groups)) return(invisible())
  texts <- shorten(groups, 16L)
  widths <- graphics::strwidth(texts, cex = 0.9) + 0.04 # a dot before, a gap after
  x <- 0.026 + cumsum(c(0, widths[-length(widths)]))
  y <- rep(0.82, length(x))
  graphics::points(x, y, pch = 21L, cex = 1.2, lwd = 0.5, col = "white", bg = palette)
  graphics::text(x + 0.01, y - 0.011, texts, adj = c(0, 0), cex = 0.9, col = ink)
}

with_unit <- function(label, unit) if (nzchar(unit)) sprintf("%s (%s)", label, unit) else label

#' The metrics as the heading shows them, with three significant digits.
figure_texts <- function(metrics, unit) {
  sized <- metrics[c("rmse", "mae", "max_error")]
  texts <- vapply(sized, function(value) readable(signif(value, 3L)), "")
  if (nzchar(unit)) texts[] <- paste(texts, unit)
  c(
    paste("RMSE", texts[["rmse"]]),
    paste("MAE", texts[["mae"]]),
    if (!is.na(metrics$r2)) sprintf("R\u00b2 %.3f", metrics$r2),
    paste("Largest error", texts[["max_error"]])
  )
}
