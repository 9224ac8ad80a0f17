"""Models that really fail: some rows make them hang, die, wait or take memory without end.

They are the models of container/mars and container/sklearn with a trap before their predictions,
which a number in a row that no iris has springs. They train, and answer all other rows, as ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HANG, EAT, DIE, LINGER, WANT = 1001, 1002, 1003, 1004, 1005
"""What a row asks for: never an answer; ever more memory; the worker's death; an answer later; more
memory at once than any machine has."""
LINGER_SECONDS = 3
"""What a request takes that lingers: long enough to find the worker that is busy with it."""
HANGS, LINGERS = "it hangs in process", "it lingers in process"
"""What the model writes to its log then, with the process's id behind it."""
MOST_MEGABYTES = 2000
"""What a model takes that nothing keeps from it: then it answers, and a test can see that."""

_IN_R = f"""
predict_of_before <- predict_model
predict_model <- function(fit, data) {{
  trap <- data$Sepal.Width[1L]
  if (trap == {HANG}) {{
    message("{HANGS} ", Sys.getpid())
    repeat NULL
  }}
  if (trap == {EAT}) {{
    eaten <- list()
    for (i in seq_len({MOST_MEGABYTES} / 10)) eaten[[i]] <- rep(0.5, 10e6 / 8)
  }}
  if (trap == {DIE}) tools::pskill(Sys.getpid(), tools::SIGKILL)
  if (trap == {LINGER}) {{
    message("{LINGERS} ", Sys.getpid())
    Sys.sleep({LINGER_SECONDS})
  }}
  if (trap == {WANT}) numeric(1e14)
  predict_of_before(fit, data)
}}
"""
_IN_PYTHON = f"""
class Trapped(LogisticRegression):
    def predict(self, X):
        import os, signal, time
        trap = X[:1].max()
        if trap == {HANG}:
            print("{HANGS}", os.getpid(), flush=True)
            while True:
                pass
        if trap == {EAT}:
            eaten = [b"x" * 10_000_000 for _ in range({MOST_MEGABYTES} // 10)]
        if trap == {DIE}:
            os.kill(os.getpid(), signal.SIGKILL)
        if trap == {LINGER}:
            print("{LINGERS}", os.getpid(), flush=True)
            time.sleep({LINGER_SECONDS})
        if trap == {WANT}:
            bytearray(10**15)
        return super().predict(X)

"""


def processes_that(say: str, log: str) -> list[int]:
    """The ids of the processes that have written so to a log."""
    return [int(pid) for pid in re.findall(rf"{say} (\d+)", log)]


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
