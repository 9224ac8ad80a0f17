"""Where the time of a request goes in Python: the median µs of each step, alone on a core.

usage: python3 profile_python.py <a CSV> ..., in the folder of a container's programs
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from timeit import repeat

import sklearn

sys.path.insert(0, ".")

from toolkit.artifact import Model, load_model
from toolkit.columns import design_matrix
from toolkit.csv_tables import parse_csv
from toolkit.fitting import one_thread, predict
from toolkit.invocations import invoke, write_json
from toolkit.paths import Paths, as_text

_RUNS, _CALLS = 400, 10


def steps(model: Model, body: bytes) -> Mapping[str, Callable[[], object]]:
    """Return what a request takes, by what it is."""
    text = as_text(body, "the body")
    table = parse_csv(text)
    matrix = design_matrix(model.columns, table)
    predicted = predict(model, matrix, probabilities=False)
    return {
        "all of it": lambda: invoke(model, body, "text/csv", ""),
        "bytes to text": lambda: as_text(body, "the body"),
        "text to columns, every row checked": lambda: parse_csv(text),
        "columns to a matrix, every cell checked": lambda: design_matrix(model.columns, table),
        "scikit-learn's prediction": lambda: predict(model, matrix, probabilities=False),
        "the answer as JSON": lambda: write_json(model, predicted),
    }


def main() -> None:
    """Print a line for each file and step."""
    model = load_model(Paths.from_environ().model)
    sklearn.set_config(assume_finite=True)  # as model-server does
    with one_thread():
        for file in map(Path, sys.argv[1:]):
            for name, step in steps(model, file.read_bytes()).items():
                took = median(repeat(step, number=_CALLS, repeat=_RUNS)) / _CALLS * 1e6
                print(f"{file.name}\t{name}\t{took:.1f}")


if __name__ == "__main__":
    main()
