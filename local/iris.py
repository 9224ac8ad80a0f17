"""The demo's question: how long is the sepal of each of Fisher's 150 irises."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.api_client import ApiClient

DATA = Path(__file__).resolve().parent.parent / "workloads" / "data" / "iris.csv"
TARGET = "Sepal.Length"
_COLOURS = {"setosa": "cyan", "versicolor": "yellow", "virginica": "magenta"}


@dataclass(frozen=True)
class Predicted:
    """What the model said of each iris, in the order of the data; lengths in cm."""

    species: Sequence[str]
    actual: Sequence[float]
    predicted: Sequence[float]

    @property
    def rmse(self) -> float:
        """The root mean square error in cm."""
        errors = zip(self.actual, self.predicted, strict=True)
        return math.sqrt(math.fsum((a - p) ** 2 for a, p in errors) / len(self.actual))


def predict(api: ApiClient, workload: str) -> Predicted:
    """Send every iris in one request. Raises RuntimeError with the API's answer if it is no 200."""
    with DATA.open(newline="") as file:
        rows = list(csv.DictReader(file))
    features = [column for column in rows[0] if column != TARGET]
    body = io.StringIO()
    writer = csv.DictWriter(body, features, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    answer = api.post(
        f"/workloads/{workload}/invocations",
        body.getvalue().encode(),
        content_type="text/csv",
        accept="application/json",
    )
    if answer.status != 200:
        raise RuntimeError(f"{api.url} answered {answer.status}: {answer.body.decode()}")
    if answer.headers.get("content-type") != "application/json":
        raise RuntimeError(f"{api.url} answered {answer.headers.get('content-type')}, not JSON")
    return Predicted(
        species=[row["Species"] for row in rows],
        actual=[float(row[TARGET]) for row in rows],
        predicted=answer.json()["predictions"],
    )


def show(result: Predicted, console: Console) -> None:
    """Print a picture of predicted against actual values, some of them, and their RMSE."""
    console.print()
    console.print(_picture(result))
    table = Table("iris", "species", "actual", "predicted", "error", box=None, padding=(0, 2))
    for at in range(0, len(result.actual), 15):
        error = result.predicted[at] - result.actual[at]
        table.add_row(
            str(at + 1),
            Text(result.species[at], _COLOURS[result.species[at]]),
            f"{result.actual[at]:.1f}",
            f"{result.predicted[at]:.4f}",
            f"{error:+.4f}",
        )
    console.print(table)
    console.print(
        f"\nRMSE [bold]{result.rmse:.6f}[/] cm over {len(result.actual)} irises\n", highlight=False
    )


def _picture(result: Predicted, width: int = 60, height: int = 18) -> Text:
    """Draw predicted (upwards) against actual (to the right) with the line where they are equal."""
    low = math.floor(min(*result.actual, *result.predicted))
    high = math.ceil(max(*result.actual, *result.predicted))

    def column(value: float) -> int:
        return round((value - low) / (high - low) * (width - 1))

    def row(value: float) -> int:
        return round((value - low) / (high - low) * (height - 1))

    cells: dict[tuple[int, int], tuple[str, str]] = {
        (column(low + (high - low) * at / 200), row(low + (high - low) * at / 200)): ("·", "dim")
        for at in range(201)
    }
    for species, actual, predicted in zip(
        result.species, result.actual, result.predicted, strict=True
    ):
        cells[column(actual), row(predicted)] = ("●", _COLOURS[species])
    picture = Text("predicted\n")
    for y in reversed(range(height)):
        picture.append(f"{high if y == height - 1 else low if y == 0 else '':>6} │", "dim")
        for x in range(width):
            picture.append(*cells.get((x, y), (" ", "")))
        picture.append("\n")
    picture.append(f"       └{'─' * width} actual\n", "dim")
    picture.append(f"        {low}{high:>{width - 1}}\n        ", "dim")
    for species, colour in _COLOURS.items():
        picture.append(f"● {species}  ", colour)
    picture.append("\n")
    return picture
