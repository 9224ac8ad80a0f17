"""An evaluation job: a trained model and held-out rows in, figures, predictions, a picture out."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from toolkit.artifact import Model, load_model
from toolkit.channels import read_folder
from toolkit.columns import as_level
from toolkit.csv_tables import format_csv
from toolkit.fitting import Compared, compare_rows
from toolkit.formats import as_json, decimals
from toolkit.jobs import run_job
from toolkit.metrics import metric_lines
from toolkit.paths import Paths
from toolkit.problems import UserError, problems_in


def run_evaluation(paths: Paths, unit: str) -> int:
    """Run the job and return its exit code; `unit` is the target's, e.g. cm, or empty."""
    return run_job(lambda: evaluate_model(paths, unit), paths.message)


def evaluate_model(paths: Paths, unit: str) -> None:
    """Write evaluation.json, predictions.csv and report.png."""
    with problems_in(paths.artifact.name):
        model = load_artifact(paths.artifact)
    folder = held_out_channel(paths.held_out)
    table = read_folder(folder, header=model.header)
    with problems_in(f"channel '{folder.name}'"):
        rows = compare_rows(model, table)
    metrics = rows.metrics(model)

    from toolkit.report import write_report  # noqa: PLC0415 - half a second, after all checks

    paths.evaluation.mkdir(parents=True, exist_ok=True)
    write_report(paths.evaluation / "report.png", model, table, rows, metrics=metrics, unit=unit)
    names = unique([*table.names, *predicted_names(model, rows)])
    columns = [*(map(as_level, cells) for cells in table.columns), *predicted_columns(model, rows)]
    predictions = format_csv(names, columns)
    (paths.evaluation / "predictions.csv").write_text(predictions, encoding="utf-8", newline="")
    evaluation = {"metrics": metrics, "rows": table.rows, "target": model.target.name}
    (paths.evaluation / "evaluation.json").write_text(as_json(evaluation), encoding="utf-8")
    print("\n".join([f"rows: {table.rows}", *metric_lines("evaluation", metrics)]))


def load_artifact(file: Path) -> Model:
    """Load a model from the archive that training left; SageMaker does not unpack it here."""
    if not file.exists():
        raise UserError("is missing: give the processing job an input 'model'")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(file, "r:gz") as archive:
                _unpack(archive, Path(folder))
        except (tarfile.TarError, OSError, EOFError) as error:
            raise UserError(f"not an archive of a model: {error}") from error
        return load_model(Path(folder))


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Take the files at the top; whatever else an archive may hold goes nowhere."""
    for member in archive:
        name = PurePosixPath(member.name)
        if (
            member.isfile()
            and name.parent == PurePosixPath()
            and (content := archive.extractfile(member))
        ):
            with (folder / name.name).open("wb") as file:
                shutil.copyfileobj(content, file)


def held_out_channel(folder: Path) -> Path:
    """Return the one input beside the model."""
    channels = sorted(path for path in folder.glob("*") if path.is_dir())
    if len(channels) != 1:
        names = ", ".join(path.name for path in channels)
        found = f"'{names}'" if names else "nothing"
        raise UserError(f"expected one channel of held-out data in {folder}, found: {found}")
    return channels[0]


def predicted_names(model: Model, rows: Compared) -> list[str]:
    """Name the columns that predictions.csv has beside the rows as they came."""
    if model.classes is None:
        return ["prediction", "error"]
    if rows.predicted.probabilities is None:
        return ["prediction"]
    return ["prediction", *(f"probability of {name}" for name in model.classes)]


def predicted_columns(model: Model, rows: Compared) -> Iterator[Sequence[str]]:
    """Yield those columns; an error is prediction - target."""
    predicted = rows.predicted
    if model.classes is None:
        yield decimals(predicted.values.tolist())
        yield decimals((predicted.values - rows.actual).tolist())
        return
    yield [model.classes[position] for position in predicted.values]
    if predicted.probabilities is not None:
        yield from map(decimals, predicted.probabilities.T.tolist())


def unique(names: Sequence[str]) -> list[str]:
    """Put a number to names that were there before: the data may have a column `prediction`."""
    found: list[str] = []
    for name in names:
        again, number = name, 0
        while again in found:
            number += 1
            again = f"{name}.{number}"
        found.append(again)
    return found
