from __future__ import annotations

import json
import os
import signal
import subprocess
import textwrap
import time
from pathlib import Path
from typing import NamedTuple

import pytest

import toolkit.fitting
from toolkit.artifact import Model, load_model
from toolkit.jobs import LONGEST_REASON, run_job
from toolkit.paths import Paths, read_config
from toolkit.problems import UserError, listed, problems_in, quoted, report, shorten
from toolkit.tests.examples import CONTAINER, IRIS, evaluated, training

HEADER, *LINES = IRIS.splitlines(keepends=True)
PROGRAMS = CONTAINER / "sklearn"


def run(program: str, paths: Paths, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of container/sklearn's programs as a job does."""
    environment = {"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(paths.base), **environment}
    command = [str(PROGRAMS / program)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_work_that_ends_well_is_0_and_leaves_no_reason(tmp_path: Path) -> None:
    assert run_job(lambda: None, tmp_path / "output" / "failure") == 0
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UserError("your file"), "your file"),
        (ValueError("our fault"), "internal error: our fault"),
        (MemoryError(), "internal error: MemoryError"),
    ],
)
def test_an_error_is_1_and_its_reason(tmp_path: Path, error: Exception, reason: str) -> None:
    def work() -> None:
        raise error

    file = tmp_path / "output" / "failure"
    assert run_job(work, file) == 1
    assert file.read_text() == reason


def test_a_reason_is_cut_between_characters(tmp_path: Path) -> None:
    def work() -> None:
        raise UserError("x" + "ä" * LONGEST_REASON)

    run_job(work, tmp_path / "failure")
    assert (tmp_path / "failure").read_bytes() == ("x" + "ä" * 511).encode()


def job(base: Path, model: str) -> Program:
    """A training job that builds what this model.py does; `train` and the paths of it."""
    program = base / "program"
    program.mkdir()
    (program / "toolkit").symlink_to(CONTAINER / "toolkit" / "python")
    (program / "train").symlink_to("toolkit/train")
    (program / "model.py").write_text(f"import os, subprocess\nHYPERPARAMETERS = {{}}\n{model}")
    paths = training(Paths(base / "ml"), {"target": "y"}, train={"a.csv": "y,a\n1,2\n3,5\n"})
    paths.model.mkdir()
    (paths.model / "begun").write_text("")
    return Program(program / "train", paths)


class Program(NamedTuple):
    program: Path
    paths: Paths

    def start(self) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(self.paths.base)}
        return subprocess.Popen([self.program], env=environment)


def is_there(pid: int) -> bool:
    """Whether the process still runs; one that waits to be reaped does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


SLEEPS = """
def build(settings, task):
    # as deaf as compiled code is, with a process of its own
    started = subprocess.Popen(["sleep", "1000"])
    open(os.environ["SAGEMAKER_BASE_DIR"] + "/pids", "w").write(f"{os.getpid()} {started.pid}\\n")
    while True:
        os.system("exec sleep 1000")
"""


def started_pids(paths: Paths) -> list[int]:
    file = paths.base / "pids"
    end = time.monotonic() + 60
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < end
        time.sleep(0.01)
    return list(map(int, file.read_text().split()))


def gone(pids: list[int]) -> bool:
    end = time.monotonic() + 60
    while any(map(is_there, pids)) and time.monotonic() < end:
        time.sleep(0.01)
    return not any(map(is_there, pids))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_a_job_and_leaves_no_model(
    tmp_path: Path, number: signal.Signals
) -> None:
    sleeping = job(tmp_path, SLEEPS)
    process = sleeping.start()
    pids = started_pids(sleeping.paths)
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert gone(pids)
    assert not sleeping.paths.model.exists()


def test_no_job_outlives_the_program_that_runs_it(tmp_path: Path) -> None:
    sleeping = job(tmp_path, SLEEPS)
    process = sleeping.start()
    trainer, helper = started_pids(sleeping.paths)
    process.kill()
    process.wait(60)
    assert gone([trainer])
    os.kill(helper, signal.SIGKILL)  # a stranger to us, which a container's end takes along


def test_a_job_that_the_kernel_has_ended_has_a_reason(tmp_path: Path) -> None:
    killed = job(tmp_path, "def build(settings, task): os.kill(os.getpid(), 9)")
    assert killed.start().wait(60) == 1
    assert killed.paths.failure.read_text() == (
        "internal error: ended by SIGKILL, as for want of memory"
    )
    assert not killed.paths.model.exists()


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("def build(settings, task):", "internal error: expected an indented block"),
        (
            "def build(settings, task): 1 / 0",
            "internal error in model.py, line 3: division by zero",
        ),
        ("build = 1", "internal error: 'int' object is not callable"),
        ("import sys; sys.exit(0)", "internal error in model.py, line 3: SystemExit"),
    ],
)
def test_a_mistake_in_model_py_is_a_reason_too(tmp_path: Path, model: str, reason: str) -> None:
    mistaken = job(tmp_path, model)
    assert mistaken.start().wait(60) == 1
    assert not mistaken.paths.model.exists()
    assert mistaken.paths.failure.read_text().startswith(reason)


def test_settings_files_may_be_missing_and_must_be_objects(tmp_path: Path) -> None:
    file = tmp_path / "hyperparameters.json"
    assert read_config(file) == {}
    file.write_text('{"a": "1"}')
    assert read_config(file) == {"a": "1"}
    for text in ("{", "[]"):
        file.write_text(text)
        with pytest.raises(UserError, match=r"hyperparameters\.json: "):
            read_config(file)


def test_problems_say_what_they_are_about() -> None:
    with pytest.raises(UserError, match="a: b: one; two"), problems_in("a"), problems_in("b"):
        report(["one", "two"])
    report([])


def test_long_values_are_shown_in_part() -> None:
    assert quoted("x" * 61) == f"'{'x' * 57}...'"
    assert quoted("x" * 60) == f"'{'x' * 60}'"
    assert (quoted(""), quoted(None)) == ("nothing", "nothing")
    assert shorten("12345", 4) == "1..."
    assert listed(["a", "b", "c"], 3) == "a, b, c"
    assert listed(["a", "b", "c"], 1) == "a and 2 more"


def test_a_training_job_leaves_a_model_and_logs_its_metrics(paths: Paths) -> None:
    training(paths, {"target": "Species", "estimator": "logistic", "max_iter": "1000"})
    (paths.data / "train").mkdir(parents=True)
    (paths.data / "train" / "iris.csv").write_text(IRIS)
    done = run("train", paths)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:3] == [
        "rows: 150",
        "columns: Sepal.Length, Sepal.Width, Petal.Length, Petal.Width",
        "estimator: LogisticRegression",
    ]
    metadata = json.loads((paths.model / "metadata.json").read_text())
    logged = [line for line in done.stdout.splitlines() if line.startswith("train:")]
    assert logged == [
        f"train:{name}={value:.15g}" for name, value in metadata["metrics"]["train"].items()
    ]
    # and of the same digits
    assert [float(line.partition("=")[2]) for line in logged] == list(
        metadata["metrics"]["train"].values()
    )
    assert metadata["task"] == "classification"
    assert metadata["classes"] == ["setosa", "versicolor", "virginica"]
    assert metadata["hyperparameters"]["max_iter"] == 1000
    assert set(metadata["versions"]) == {"python", "scikit-learn", "numpy"}


def test_a_validation_channel_is_measured_and_must_fit(paths: Paths) -> None:
    held_out = HEADER + "".join(LINES[::5])
    rest = HEADER + "".join(line for at, line in enumerate(LINES) if at % 5)
    settings = {"target": "Sepal.Length", "estimator": "linear"}
    training(paths, settings, train={"a.csv": rest}, validation={"a.csv": held_out})
    done = run("train", paths)
    assert done.returncode == 0, done.stderr
    metrics = load_model(paths.model).metadata["metrics"]
    assert f"validation:rmse={metrics['validation']['rmse']:.15g}\n" in done.stdout
    assert set(metrics["validation"]) == {"rmse", "mae", "r2", "max_error"}

    (paths.data / "validation" / "a.csv").write_text(held_out.replace("virginica", "rosa"))
    assert run("train", Paths(paths.base)).returncode == 1
    assert paths.failure.read_text().startswith(
        "channel 'validation': a.csv, row 21, column 'Species'"
    )


def test_the_example_of_a_model_py_trains_as_it_stands(tmp_path: Path) -> None:
    assert toolkit.fitting.__doc__ is not None
    example = toolkit.fitting.__doc__.partition("whole:\n\n")[2].partition("- HYPERPARAMETERS")[0]
    forest = job(tmp_path, textwrap.dedent(example))
    assert forest.start().wait(60) == 0
    metadata = json.loads((forest.paths.model / "metadata.json").read_text())
    assert metadata["estimator"] == "RandomForestRegressor"
    assert metadata["hyperparameters"]["n_estimators"] == 500


def test_data_that_is_shared_out_over_instances_is_refused(paths: Paths) -> None:
    sharded = {"train": {"S3DistributionType": "ShardedByS3Key"}}
    training(
        paths, {"target": "y", "estimator": "linear"}, sharded, train={"a.csv": "y,a\n1,2\n3,5\n"}
    )
    paths.resources.write_text('{"hosts": ["algo-1", "algo-2"]}')
    assert run("train", paths).returncode == 1
    assert paths.failure.read_text() == (
        "channel 'train': found S3DistributionType ShardedByS3Key on 2 instances, "
        "expected FullyReplicated, or one instance"
    )
    paths.resources.write_text('{"hosts": ["algo-1"]}')
    assert run("train", paths).returncode == 0


def test_rows_without_a_header_have_their_label_first(paths: Paths) -> None:
    absent = {"ContentType": "text/csv; header=absent"}
    rows = "".join(",".join(line.split(",")[:4]) + "\n" for line in LINES)
    settings = {"estimator": "linear"}
    training(paths, settings, {"train": absent}, train={"a.csv": rows})
    assert run("train", paths).returncode == 0
    model = load_model(paths.model)
    assert (model.target.name, model.names, model.header) == ("1", ["2", "3", "4"], False)


@pytest.mark.parametrize(
    ("settings", "text", "reason"),
    [
        ({"target": "y"}, "", "a.csv: found no text, expected CSV with a header line"),
        ({"target": "z"}, "y,a\n1,2\n", "hyperparameter 'target': found 'z', allowed: a column of"),
        ({"target": "y", "colour": "red"}, "y,a\n1,2\n", "hyperparameter 'colour' is unknown"),
        (
            {"target": "y", "estimator": "logistic"},
            "y,a\n1,2\n2,3\n",
            "hyperparameter 'estimator': found 'logistic', allowed: one of linear, ridge,",
        ),
    ],
)
def test_a_job_that_fails_says_why_and_leaves_no_model(
    paths: Paths, settings: dict[str, str], text: str, reason: str
) -> None:
    training(paths, settings, train={"a.csv": text})
    done = run("train", paths)
    assert done.returncode == 1
    assert paths.failure.read_text().startswith(reason)
    assert paths.failure.read_text() in done.stderr
    assert not paths.model.exists()


def test_an_evaluation_without_a_model_says_so(paths: Paths) -> None:
    assert run("evaluate", paths).returncode == 1
    assert paths.message.read_text() == (
        "model.tar.gz: is missing: give the processing job an input 'model'"
    )


def test_an_evaluation_writes_metrics_rows_and_a_picture(paths: Paths, lengths: Model) -> None:
    evaluated(paths, lengths, test=IRIS)
    done = run("evaluate", paths, TARGET_UNIT="cm")
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in paths.evaluation.iterdir()) == [
        "evaluation.json",
        "predictions.csv",
        "report.png",
    ]
    assert done.stdout.startswith("rows: 150\nevaluation:rmse=0.3")
