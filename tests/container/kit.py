"""What the contract kit knows of a container: the workload file that uses it.

Its good data, hyperparameters, features and smoke request all come from there. The kit knows no
container by name.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from workloads.content import files_of
from workloads.loading import load_workloads
from workloads.schema import Workload
from workloads.schema.api import Feature
from workloads.schema.data import Channel as DataChannel
from workloads.schema.model import Model
from workloads.schema.smoke import Smoke

ROOT = Path(__file__).parents[2]
CONTAINERS = ROOT / "container"
MOST_ROWS = 60
"""How many rows of the data the kit asks a model for."""
MISSING = ("", "NA")

Row = Mapping[str, str]
"""A cell for each feature, as CSV has it."""


@dataclass(frozen=True)
class Table:
    """The cells of a CSV file; without a header its columns are called by position, from 1."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    header: bool = True

    @classmethod
    def parse(cls, text: str, header: bool) -> Table:
        rows = [tuple(row) for row in csv.reader(io.StringIO(text)) if row]
        names = rows.pop(0) if header else tuple(str(at + 1) for at in range(len(rows[0])))
        return cls(names, tuple(rows), header)

    @property
    def text(self) -> str:
        return lines([self.names, *self.rows] if self.header else self.rows)

    def at(self, row: int, name: str) -> str:
        return self.rows[row][self.names.index(name)]

    def with_cell(self, row: int, name: str, cell: str) -> Table:
        """Change one cell; rows count from 0 here."""
        cells = list(self.rows[row])
        cells[self.names.index(name)] = cell
        rows = (*self.rows[:row], tuple(cells), *self.rows[row + 1 :])
        return replace(self, rows=rows)

    def of(self, names: Sequence[str]) -> Table:
        """Only these columns, in this order, under their names."""
        places = [self.names.index(name) for name in names]
        return replace(
            self,
            names=tuple(names),
            rows=tuple(tuple(row[place] for place in places) for row in self.rows),
        )


@dataclass(frozen=True)
class Channel:
    """A channel of a training job: its CSV files by name, or what streams in Pipe mode."""

    files: Mapping[str, str | bytes]
    content_type: str | None = "text/csv"
    streamed: bool = False

    @property
    def header(self) -> bool:
        return "header=absent" not in (self.content_type or "").replace(" ", "").lower()

    @property
    def table(self) -> Table:
        """All of its files, whose columns are the same."""
        tables = [Table.parse(as_text(text), self.header) for text in self.files.values()]
        names = tables[0].names
        return replace(
            tables[0], rows=tuple(row for table in tables for row in table.of(names).rows)
        )


@dataclass(frozen=True)
class Job:
    """What a training job is given."""

    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Channel]
    environment: Mapping[str, str] = field(default_factory=dict)
    described: bool = True
    """Whether files beside the hyperparameters say what there is, as SageMaker writes them."""

    def with_channel(self, name: str, channel: Channel) -> Job:
        return replace(self, channels={**self.channels, name: channel})

    def with_train(self, text: str | bytes) -> Job:
        """One file, data.csv, instead of what the channel `train` has."""
        return self.with_channel("train", replace(self.channels["train"], files={"data.csv": text}))


@dataclass(frozen=True, repr=False)
class Example:
    """A container with a workload that uses it."""

    container: str
    workload: str
    job: Job
    features: tuple[Feature, ...]
    """As the model calls them, which it does by position where the data has no header."""
    rows: tuple[Row, ...]
    """Rows to ask for, no two the same."""
    smoke: Smoke
    held_out: Channel
    metrics: tuple[str, ...] = ()
    """Those that the workload's quality gate needs of the evaluation."""
    evaluation_environment: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{self.container} by {self.workload}>"

    @property
    def folder(self) -> Path:
        return CONTAINERS / self.container

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @property
    def table(self) -> Table:
        """The data to train on."""
        return self.job.channels["train"].table

    def of_type(self, *types: str) -> list[Feature]:
        return [feature for feature in self.features if feature.type in types]

    def csv(
        self, rows: Sequence[Row], names: Sequence[str] | None = None, header: bool = True
    ) -> str:
        names = self.names if names is None else names
        cells = [[row[name] for name in names] for row in rows]
        return lines([names, *cells] if header else cells)

    def instance(self, row: Row) -> dict[str, object]:
        """The row as JSON has it."""
        read = {"number": float, "integer": int}
        types = {feature.name: feature.type for feature in self.features}
        return {name: read.get(types[name], str)(cell) for name, cell in row.items()}

    def json(self, rows: Sequence[Row]) -> str:
        return json.dumps({"instances": [self.instance(row) for row in rows]})


def as_text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()


def lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def containers() -> list[str]:
    """Every folder of container/ with a Dockerfile."""
    return sorted(file.parent.name for file in CONTAINERS.glob("*/Dockerfile"))


@cache
def workloads() -> tuple[Workload, ...]:
    """Raises SettingsError."""
    return load_workloads(ROOT / "workloads")


def trained_models(workload: Workload) -> dict[str, Model]:
    """Map each container to the first model of the workload that is trained in it."""
    models = [model for model in workload.models.values() if not model.artifact]
    return {model.image.container: model for model in reversed(models) if model.image.container}


def selection_problem(name: str, known: Sequence[Workload]) -> tuple[str, int] | None:
    """Say in a sentence why there is nothing to test for a workload, with an exit code; or None."""
    named = {workload.name: workload for workload in known}
    if name not in named:
        return f"workloads/{name}.toml: found no such file; allowed: {', '.join(named)}", 2
    if not trained_models(named[name]):
        return (
            f"workloads/{name}.toml: none of its models is trained in a folder of container/, so "
            "there is nothing for the contract kit to test"
        ), 0
    return None


@cache
def examples(workload: str | None = None) -> dict[str, Example]:
    """Map each container to its example: of this workload, or of the first that uses it."""
    found: dict[str, Example] = {}
    for each in workloads():
        if workload in (None, each.name):
            for container, model in trained_models(each).items():
                found.setdefault(container, example(each, model, container))
    return found


def example(workload: Workload, model: Model, container: str) -> Example:
    channels = {name: channel_of(workload.data[name], workload, name) for name in model.channels}
    evaluation = workload.evaluation
    held_out = (
        channel_of(workload.data[evaluation.channel], workload, evaluation.channel)
        if evaluation
        else channels["train"]
    )
    job = Job(dict(model.hyperparameters), channels, dict(model.training.environment))
    features, rows = features_and_rows(workload, job)
    return Example(
        container=container,
        workload=workload.name,
        job=job,
        features=features,
        rows=rows,
        smoke=workload.smoke,
        held_out=held_out,
        metrics=tuple(evaluation.gate) if evaluation else (),
        evaluation_environment=dict(evaluation.environment) if evaluation else {},
    )


def channel_of(data: DataChannel, workload: Workload, name: str) -> Channel:
    """Read a channel's files."""
    if data.path is None:
        raise ValueError(
            f"workloads/{workload.name}.toml: data.{name}: found s3; the contract kit needs a path"
        )
    top = data.path.parent if data.path.is_file() else data.path
    files = {file.relative_to(top).as_posix(): file.read_text() for file in files_of(data.path)}
    return Channel(files, data.content_type)


def features_and_rows(workload: Workload, job: Job) -> tuple[tuple[Feature, ...], tuple[Row, ...]]:
    """Tell what the model takes, and good rows of it: the smoke request's, then the data's."""
    table = job.channels["train"].table
    features = workload.api.features
    smoke = smoke_rows(workload)
    if not table.header:
        label = job.hyperparameters.get("target", "1")
        positions = [name for name in table.names if name != label]
        renamed = dict(zip((feature.name for feature in features), positions, strict=True))
        features = tuple(
            feature.model_copy(update={"name": renamed[feature.name]}) for feature in features
        )
        smoke = [{renamed[name]: cell for name, cell in row.items()} for row in smoke]
    # what the API holds to whole numbers are numbers to a model that is trained on them
    features = tuple(
        feature.model_copy(update={"type": "number"})
        if feature.type == "integer" and feature.name in table.names
        else feature
        for feature in features
    )
    # what the data has no column of (a forecast's horizon) is asked for as the smoke request does
    asked = [
        {
            feature.name: table.at(at, feature.name)
            if feature.name in table.names
            else smoke[0][feature.name]
            for feature in features
        }
        for at in range(len(table.rows))
    ]
    whole = [row for row in asked if not set(row.values()) & set(MISSING)]
    distinct = list({tuple(row.values()): row for row in [*smoke, *whole]}.values())
    return features, tuple(distinct[:: max(1, len(distinct) // MOST_ROWS)])


def smoke_rows(workload: Workload) -> list[dict[str, str]]:
    """The rows of the smoke request, which the settings have checked against the features."""
    features = [feature.name for feature in workload.api.features]
    if workload.smoke.content_type == "text/csv":
        table = Table.parse(workload.smoke.body, workload.api.header)
        names = table.names if table.header else features
        rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    else:
        instances = json.loads(workload.smoke.body)["instances"]
        rows = [{name: str(value) for name, value in each.items()} for each in instances]
    return [{name: row[name] for name in features} for row in rows]
