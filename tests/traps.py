"""Models that really fail: some rows make them hang, die, wait or take memory without end.

They are the models of container/mars and container/sklearn with a trap before their predictions,
which a number in a row that no iris has springs. They train, and answer all other rows, as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HANG, EAT, DIE, LINGER = 1001, 1002, 1003, 1004
"""What a row asks for: never an answer; ever more memory; the worker's death; an answer later."""
LINGER_SECONDS = 5
"""What a request takes that lingers: long enough to find the worker that is busy with it."""
HANGS, LINGERS = "it hangs", "it lingers"
"""What the model writes to its log then."""
MOST_MEGABYTES = 2000
"""What a model takes that nothing keeps from it: then it answers, and a test can see that."""

_IN_R = f"""
predict_of_before <- predict_model
predict_model <- function(fit, data) {{
  trap <- data$Sepal.Width[1L]
  if (trap == {HANG}) {{
    message("{HANGS}")
    repeat NULL
  }}
  if (trap == {EAT}) {{
    eaten <- list()
    for (i in seq_len({MOST_MEGABYTES} / 10)) eaten[[i]] <- rep(0.5, 10e6 / 8)
  }}
  if (trap == {DIE}) tools::pskill(Sys.getpid(), tools::SIGKILL)
  if (trap == {LINGER}) {{
    message("{LINGERS}")
    Sys.sleep({LINGER_SECONDS})
  }}
  predict_of_before(fit, data)
}}
"""
_IN_PYTHON = f"""
class Trapped(LogisticRegression):
    def predict(self, X):
        import os, signal, time
        trap = X[:1].max()
        if trap == {HANG}:
            print("{HANGS}", flush=True)
            while True:
                pass
        if trap == {EAT}:
            eaten = [b"x" * 10_000_000 for _ in range({MOST_MEGABYTES} // 10)]
        if trap == {DIE}:
            os.kill(os.getpid(), signal.SIGKILL)
        if trap == {LINGER}:
            print("{LINGERS}", flush=True)
            time.sleep({LINGER_SECONDS})
        return super().predict(X)

"""


@dataclass(frozen=True)
class Trapped:
    """A container whose model has traps, and the workload that uses it."""

    container: str
    workload: str
    variant: str
    header: str
    row: Callable[[float], str]
    """A row with this sepal width."""

    def body(self, sepal_width: float) -> bytes:
        return f"{self.header}\n{self.row(sepal_width)}\n".encode()

    def set_in(self, folder: Path) -> None:
        """Set the traps in a copy of the container's folder."""
        model = folder / ("model.R" if self.container == "mars" else "model.py")
        text = model.read_text()
        before, trap = {
            "mars": ("task <- regression(", _IN_R),
            "sklearn": ("class Family(", _IN_PYTHON),
        }[self.container]
        assert text.count(before) == 1
        text = text.replace(before, f"{trap}\n{before}")
        model.write_text(text.replace("None, LogisticRegression,", "None, Trapped,"))


MARS = Trapped(
    "mars",
    "iris-mars",
    "mars",
    "Sepal.Width,Petal.Length,Petal.Width,Species",
    lambda width: f"{width:g},4.3,1.3,versicolor",
)
SKLEARN = Trapped(
    "sklearn",
    "iris-species",
    "logistic",
    "Sepal.Length,Sepal.Width,Petal.Length,Petal.Width",
    lambda width: f"6.4,{width:g},4.3,1.3",
)
