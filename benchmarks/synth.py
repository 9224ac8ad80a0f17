"""How long a synth takes, beside an empty app's; what each further workload adds to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.measurements import Findings, Measurement, at_most
from benchmarks.sections import Report, Section
from local.cdk_cli import CDK, ROOT

EMPTY_APP = Path(__file__).parent / "peers" / "empty_app"
WORKLOAD = ROOT / "workloads" / "iris-mars.toml"

METHOD = """\
The wall time of a whole `cdk synth --quiet`, by the real command line, for this project as it is
(every workload, linter, cdk-nag and house rules) and for an app of one empty stack with the linter
(benchmarks/peers/empty_app); both with the same Python, Node.js, command line and jsii cache. The
programs of `make synth-fast` and `cdk synth --no-validation` were measured in the same rounds.
Notices and telemetry are off, as they wait for the network.

What a further workload adds was measured on copies of this project whose workloads are 1, 10 or 50
copies of workloads/iris-mars.toml: (time of n - time of 1) / (n - 1), in percent of the time of 1.
A project can upload the data of 25 channels at most (a bucket has 50 tags), so the 50 name theirs
in S3, and so do the 1 and the 10 that they are compared with; 1 and 10 that upload it, each by a
function of its stack, were measured beside them. Each command ran once before the rounds, which
fills the caches and the folder that it writes to."""

SYNTH = ("synth", "--quiet", "--no-notices")


@dataclass(frozen=True)
class Command:
    """What is run, and where."""

    arguments: Sequence[str]
    folder: Path

    def seconds(self) -> float:
        """Run it and return how long it took; it must hold."""
        began = time.perf_counter()
        subprocess.run(
            self.arguments, cwd=self.folder, env=_variables(), capture_output=True, check=True
        )
        return time.perf_counter() - began


EVERYTHING = "everything, make synth"
EMPTY = "an empty app with the linter"
UNCHECKED = "everything, cdk synth --no-validation"
FAST = "everything, make synth-fast"
UPLOADED = {count: f"{count} uploading" for count in (1, 10)}
IN_S3 = {count: f"{count} with data in S3" for count in (1, 10, 50)}


def run(rounds: int, report: Report) -> Findings:
    """Measure every command once a round."""
    with tempfile.TemporaryDirectory() as folder:
        commands = _commands(Path(folder))
        for name, command in commands.items():
            report(f"once before: {name}")
            command.seconds()
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(1, rounds + 1):
            for name, command in commands.items():
                report(f"round {number} of {rounds}: {name}")
                seconds[name].append(command.seconds())
    return Findings(_measurements(seconds), _notes(seconds))


SECTION = Section("synth", "Synth: writing and checking the templates", METHOD, 5, run)


def _commands(folder: Path) -> dict[str, Command]:
    """Return what to measure, in the order of a round; `folder` is for what it needs and writes."""

    def synth(name: str, project: Path, *options: str) -> Command:
        output = str(folder / f"{name}.out")
        return Command([str(CDK), *SYNTH, *options, "--output", output], project)

    fast = [sys.executable, "-m", "cli.synth_fast", "default", str(folder / "fast.out")]
    commands = {
        EVERYTHING: synth("everything", ROOT),
        EMPTY: synth("empty", EMPTY_APP),
        FAST: Command(fast, ROOT),
        UNCHECKED: synth("unchecked", ROOT, "--no-validation"),
    }
    for names, uploads in ((UPLOADED, True), (IN_S3, False)):
        for count, name in names.items():
            project = folder / name
            _copy_project(project, count, uploads=uploads)
            commands[name] = synth(name, project)
    return commands


def _copy_project(project: Path, workloads: int, *, uploads: bool) -> None:
    """Copy what a synth reads of this project, with so many copies of one workload."""
    project.mkdir()
    for part in ("container", "environments", "lambda", "stacks", "workloads"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, project / part, symlinks=True, ignore=ignored)
    for part in ("app.py", "cdk.json"):
        shutil.copy(ROOT / part, project)
    for part in (".venv", "build"):
        (project / part).symlink_to(ROOT / part)
    for file in (project / "workloads").glob("*.toml"):
        file.unlink()
    text = WORKLOAD.read_text()
    if not uploads:
        text = _replaced(text, 'path = "data/iris.csv"', 's3 = "s3://a-bucket-of-yours/iris/"')
    for number in range(workloads):
        name = f"iris-{number:02}"
        copy = _replaced(text, f'name = "{WORKLOAD.stem}"', f'name = "{name}"')
        (project / "workloads" / f"{name}.toml").write_text(copy)


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"{WORKLOAD.name}: {old} is there {text.count(old)} times")
    return text.replace(old, new)


def _variables() -> dict[str, str]:
    """Return the environment of `make synth`, whatever this process was started with."""
    left_out = ("CDK_VALIDATION", "PYTHONDONTWRITEBYTECODE")
    variables = {name: value for name, value in os.environ.items() if name not in left_out}
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
    off = {"CDK_DISABLE_VERSION_CHECK": "1", "CDK_DISABLE_CLI_TELEMETRY": "true"}
    return {**variables, **off, "PATH": path}


def _measurements(seconds: Mapping[str, Sequence[float]]) -> list[Measurement]:
    return [
        Measurement(
            "everything, beside an empty app",
            "s",
            seconds[EVERYTHING],
            seconds[EMPTY],
            at_most(3.2),
        ),
        Measurement(
            "make synth-fast, beside make synth",
            "s",
            seconds[FAST],
            seconds[EVERYTHING],
            at_most(0.5),
        ),
        *(
            Measurement(
                f"each workload from the 2nd to the {count}th, {how}, of the time of one",
                "%",
                _further(seconds[names[1]], seconds[names[count]], count),
                limit=at_most(3),
            )
            for names, how in ((UPLOADED, "data uploaded"), (IN_S3, "data in S3"))
            for count in names
            if count > 1
        ),
    ]


def _further(one: Sequence[float], several: Sequence[float], count: int) -> list[float]:
    """Return what one more adds in percent of what one takes, a round each."""
    return [
        100 * (more - single) / (count - 1) / single
        for single, more in zip(one, several, strict=True)
    ]


def _notes(seconds: Mapping[str, Sequence[float]]) -> str:
    """Show every time, and what the parts of a synth take, by leaving them out."""
    lines = ["| `cdk synth` of | median | from | to |", "|---|---|---|---|"]
    for name, times in seconds.items():
        lines.append(f"| {name} | {median(times):.2f} s | {min(times):.2f} | {max(times):.2f} |")
    checks = _differences(seconds[EVERYTHING], seconds[UNCHECKED])
    start = _differences(seconds[UNCHECKED], seconds[FAST])
    lines += [
        "",
        f"Without the checks (linter, cdk-nag, house rules) the synth of everything takes "
        f"{median(checks):.2f} s less, and without the CDK's command line another "
        f"{median(start):.2f} s: that is `make synth-fast`. What remains is Python's imports, "
        "Node.js reading the CDK, and building and writing the stacks.",
    ]
    return "\n".join(lines)


def _differences(more: Sequence[float], less: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(more, less, strict=True)]
