"""What can be wrong with a training job, and its data without a header, derived from an example."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.container.kit import Channel, Example, Job, Table

TEXT = "oops%s"
"""No number, no category and no column of any workload; a message has to show it as it is."""


@dataclass(frozen=True)
class FailingJob:
    """A training job that has to fail, and words that its reason must have."""

    id: str
    job: Job
    words: tuple[str, ...] = ()


def ways(example: Example) -> dict[str, Job]:
    """Give the example's job in each way that its data may come; all train the same model."""
    train, table = example.job.channels["train"], example.table
    middle = len(table.rows) // 2
    parts = {"a.csv": table.rows[:middle], "b.csv": table.rows[middle:]}
    halves = replace(train, files={name: replace(table, rows=r).text for name, r in parts.items()})
    validation = example.job.channels.get("validation", example.held_out)
    in_files = example.job.with_channel("train", halves).with_channel("validation", validation)
    streamed = {name: replace(each, streamed=True) for name, each in in_files.channels.items()}
    return {
        "as it is": example.job,
        # data without a header has to be described
        "in files": replace(in_files, described=not table.header),
        "in pipes": replace(in_files, channels=streamed),
        "by position": (headerless(example) or example).job,
    }


def failing_jobs(example: Example) -> Iterator[FailingJob]:
    """Yield jobs whose data or settings are wrong."""
    yield from failing_files(example)
    yield from failing_columns(example)
    yield from failing_channels(example)
    yield from failing_hyperparameters(example)


def failing_files(example: Example) -> Iterator[FailingJob]:
    job, table = example.job, example.table
    short = lines_of(table)
    at = 1 + table.header  # the line of row 2
    short[at] = short[at].rpartition(",")[0]
    yield FailingJob("an empty file", job.with_train(""), ("data.csv",))
    yield FailingJob(
        "a short row",
        job.with_train("\n".join(short)),
        ("data.csv", "row 2", str(len(table.names))),
    )
    latin = table.text.replace(table.rows[0][0], "Zürich", 1).encode("latin-1")
    yield FailingJob("not UTF-8", job.with_train(latin), ("data.csv", "UTF-8"))
    yield FailingJob("a NUL byte", job.with_train(table.text + "\0\n"), ("data.csv",))
    if table.header:
        none = job.with_train(replace(table, rows=()).text)
        yield FailingJob("no rows", none, ("row",))
        # and a reason that is longer than SageMaker shows
        renamed = replace(table, names=(f"{TEXT}{'ü' * 1024}", *table.names[1:]))
        train = replace(job.channels["train"], files={"a.csv": table.text, "b.csv": renamed.text})
        columns = job.with_channel("train", train)
        yield FailingJob("a second file of other columns", columns, ("b.csv", TEXT))
    second = replace(job.channels["train"], files={"a.csv": table.text, "b.csv": "\n".join(short)})
    malformed = job.with_channel("train", second)
    yield FailingJob("a malformed second file", malformed, ("b.csv", "row 2"))


def failing_columns(example: Example) -> Iterator[FailingJob]:
    job, table = example.job, example.table
    here = [feature for feature in example.features if feature.name in table.names]
    for feature in [each for each in here if each.type in {"number", "integer"}][:1]:
        name = feature.name
        text = job.with_train(table.with_cell(1, name, TEXT).text)
        yield FailingJob("text in a number", text, ("row 2", name, TEXT, "number"))
    for feature in here[:1]:
        missing = job.with_train(table.with_cell(1, feature.name, "").text)
        yield FailingJob("a missing value", missing, ("row 2", feature.name, "expected"))
    if table.header and len(table.names) > 1:
        twice = replace(table, names=(table.names[0], table.names[0], *table.names[2:]))
        yield FailingJob("a column twice", job.with_train(twice.text), (table.names[0], "twice"))


def failing_channels(example: Example) -> Iterator[FailingJob]:
    job, table = example.job, example.table
    train = job.channels["train"]
    others = {name: channel for name, channel in job.channels.items() if name != "train"}
    yield FailingJob("no channel", replace(job, channels=others), ("train", "missing"))
    if by_position := headerless(example):
        validation = {"validation": by_position.job.channels["train"]}
        wrong = replace(by_position.job, channels=validation)
        yield FailingJob("no channel, by position", wrong, ("train", "missing"))
    yield FailingJob(
        "a channel without files", job.with_channel("train", replace(train, files={})), ("train",)
    )
    empty = replace(train, files={"data.csv": ""})
    yield FailingJob(
        "an empty validation file", job.with_channel("validation", empty), ("data.csv",)
    )
    other = "text/csv; header=absent" if table.header else "text/csv"
    differs = replace(train, content_type=other)
    yield FailingJob(
        "channels that differ in their header",
        job.with_channel("validation", differs),
        ("validation", "header"),
    )


def failing_hyperparameters(example: Example) -> Iterator[FailingJob]:
    job = example.job
    for key, value in {TEXT: "1", **wrong_hyperparameters(example)}.items():
        changed = replace(job, hyperparameters={**job.hyperparameters, key: value})
        words = (key,) if key == TEXT else (key, value, "allowed")
        yield FailingJob(f"hyperparameter {key}", changed, words)


def wrong_hyperparameters(example: Example) -> dict[str, str]:
    """For each that is a number or names a column, a value that is neither."""
    names = example.table.names
    return {
        key: "no-such-value"
        for key, value in example.job.hyperparameters.items()
        if value in names or is_number(value)
    }


def headerless(example: Example) -> Example | None:
    """The same with data without a header line, its label first; None where that is so already.

    Columns are called by position then, also where a hyperparameter names one, and `target` may be
    left out.
    """
    table = example.table
    if not table.header:
        return None
    label = example.job.hyperparameters.get("target")
    order = sorted(table.names, key=lambda name: name != label)
    position = {name: str(at) for at, name in enumerate(order, start=1)}

    def called(text: str) -> str:
        parts = [part.strip() for part in text.split(",")]
        return ",".join(position[part] for part in parts) if set(parts) <= set(position) else text

    def stripped(channel: Channel) -> Channel:
        files = {
            name: replace(Table.parse(str(text), channel.header).of(order), header=False).text
            for name, text in channel.files.items()
        }
        return Channel(files, "text/csv; header=absent")

    job = Job(
        {k: called(v) for k, v in example.job.hyperparameters.items() if k != "target"},
        {name: stripped(channel) for name, channel in example.job.channels.items()},
        example.job.environment,
    )
    by_position = sorted(
        example.features,
        key=lambda each: order.index(each.name) if each.name in order else len(order),
    )
    rows = [
        {position.get(each.name, each.name): row[each.name] for each in by_position}
        for row in example.rows
    ]
    features = [
        each.model_copy(update={"name": position.get(each.name, each.name)}) for each in by_position
    ]
    return replace(example, job=job, features=tuple(features), rows=tuple(rows))


def lines_of(table: Table) -> list[str]:
    return table.text.splitlines()


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
