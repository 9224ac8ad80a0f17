# What the pictures of all tasks share: their device, colours and numbers.

# Okabe and Ito's colours, which colour-blind readers can tell apart (without black and yellow).
palette <- c("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
ink <- "#222222"
grey <- "#808080"
faint <- "#E8E8E8"

#' Begins a picture of so many pixels; grDevices::dev.off() ends it.
open_picture <- function(file, width, height) {
  # where the fonts are listed, for whoever has no home to write to
  if (!nzchar(Sys.getenv("XDG_CACHE_HOME"))) Sys.setenv(XDG_CACHE_HOME = tempdir())
  grDevices::png(
    file,
    width = width, height = height, res = 144, type = "cairo", family = "DejaVu Sans"
  )
}

#' A range with room for points at its ends; also one value gets a range.
padded <- function(values) {
  range <- range(values)
  width <- diff(range)
  if (width == 0) width <- max(abs(range), 1)
  range + c(-0.04, 0.04) * width
}

#' Round numbers in a range, fewer where they are long to write.
ticks_within <- function(range) {
  ticks <- pretty(range)
  if (max(nchar(readable(ticks))) > 6L) ticks <- pretty(range, 3L)
  ticks[ticks >= range[1L] & ticks <= range[2L]]
}

#' Numbers as people write them: 24,300 and 0.0302, all of them with the same decimals.
readable <- function(values) {
  sub("^-", "\u2212", format(values, big.mark = ",", scientific = 3L, trim = TRUE))
}
