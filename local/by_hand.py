"""A workload's models made by hand: a script of workloads/by-hand/, as one would type it in R.

The script is `workloads/by-hand/<workload>.R` or `.py`. It fits the model without any of this
project's code and prints a line `<metric>=<number>` for each metric, of several models
`<model>:<metric>=<number>`. What a tuning has chosen it gets as arguments `<name>=<value>`, of
several models `<model>:<name>=<value>`. A line `tolerance=<number>` says by how much of its value
a metric may differ, where threads reorder sums; without it the first six digits are the same.
"""

import math
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.cdk_cli import ROOT
from local.results import HELD_OUT, Metrics
from local.runners import images
from local.session import EmbeddedAWS

FOLDER = Path("workloads", "by-hand")
INTERPRETERS = {".R": "Rscript", ".py": "/usr/bin/python3"}
"""With Debian's packages, on this machine and in the containers; PATH has our own Python first."""

_LAST_LINES = 20


@dataclass(frozen=True)
class ByHand:
    """What a script has printed."""

    metrics: Metrics
    tolerance: float | None = None
    """The greatest difference there may be, as a part of the value; else it is by six digits."""


class ScriptError(RuntimeError):
    """A script that failed, or printed what is no metric; the text says what."""


def script_of(workload: str, root: Path = ROOT) -> Path | None:
    """Find a workload's script, relative to the project at `root`; None if there is none."""
    paths = (FOLDER / f"{workload}{suffix}" for suffix in INTERPRETERS)
    return next((path for path in paths if (root / path).is_file()), None)


def run(
    script: Path,
    models: Sequence[str],
    tuned: Mapping[tuple[str, str], str],
    *,
    image: str | None = None,
    root: Path = ROOT,
) -> ByHand:
    """Run a script, inside an image of the Docker engine where one is given.

    `tuned` is by model and hyperparameter. Raises ScriptError.
    """
    arguments = [
        f"{model}:{name}={value}" if len(models) > 1 else f"{name}={value}"
        for (model, name), value in tuned.items()
    ]
    interpreter = INTERPRETERS[script.suffix]
    command = (
        [interpreter, str(script), *arguments]
        if image is None
        else [
            *("docker", "run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp"),
            *(f"--volume={root}:/project:ro", "--workdir=/project", f"--entrypoint={interpreter}"),
            *(image, str(script), *arguments),
        ]
    )
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        raise ScriptError(f"{script} failed:\n{last}")
    return _read(script, done.stdout.splitlines(), models)


def image_of(aws: EmbeddedAWS, uri: str) -> str:
    """Name an image of the embedded AWS as the Docker engine pulls it."""
    reference = images.Reference.parse(uri)
    (found,) = aws.client("ecr").batch_get_image(
        repositoryName=reference.repository, imageIds=[reference.image_id]
    )["images"]
    registry = aws.endpoint_url.partition("://")[2]
    return f"{registry}/{reference.repository}@{found['imageId']['imageDigest']}"


def _read(script: Path, lines: Iterable[str], models: Sequence[str]) -> ByHand:
    metrics: Metrics = {}
    tolerance = None
    for line in filter(None, map(str.strip, lines)):
        key, _, text = line.partition("=")
        *before, metric = (part for part in key.split(":") if f"{part}:" != HELD_OUT)
        number = _number(text)
        if number is None:
            raise ScriptError(f'{script} printed "{line}"; allowed: <metric>=<number>')
        if not before and metric == "tolerance":
            tolerance = number
            continue
        model = ":".join(before) or (models[0] if len(models) == 1 else "")
        if model not in models:
            there = f"<model>:<metric>=<number>, of {', '.join(models)}"
            raise ScriptError(f'{script} printed "{line}"; allowed: {there}')
        metrics[model, metric] = number
    return ByHand(metrics, tolerance)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
