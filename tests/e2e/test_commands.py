"""What the README's commands do, run as a user runs them."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from math import fsum, sqrt
from pathlib import Path

import pytest

from local.cdk_cli import ROOT
from local.iris import DATA

ByHand = Callable[[int], list[float]]


def _rmse(predicted: list[float]) -> float:
    lengths = [float(line.split(",")[0]) for line in DATA.read_text().splitlines()[1:]]
    return sqrt(fsum((a - p) ** 2 for a, p in zip(lengths, predicted, strict=True)) / 150)


@pytest.mark.parametrize("runner", ["process", "docker"])
def test_the_demo_prints_the_rmse_of_mars_called_by_hand(
    runner: str, by_hand: ByHand, request: pytest.FixtureRequest
) -> None:
    if runner == "docker":
        request.getfixturevalue("docker_engine")
    done = subprocess.run(
        [sys.executable, "-m", "local", "demo"],
        cwd=ROOT,
        env={**os.environ, "SAGESTACK_RUNNER": runner},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert f"RMSE {_rmse(by_hand(2)):.6f} cm over 150 irises" in done.stdout
    assert "All of it held" in done.stdout


def test_local_serves_until_ctrl_c_and_then_ends_all_that_it_started() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "serve"],
        cwd=ROOT,
        env={**os.environ, "SAGESTACK_RUNNER": "process"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C here ends it all" in line:
                break
        printed = "".join(lines)
        found = re.search(r"AWS endpoint\s+(http://127\.0\.0\.1:\d+)", printed)
        assert found, printed
        script = re.search(r"<<'PY'\n(.*?)\n\s*PY\n", printed, re.DOTALL)
        assert script, printed
        # pasted as it is printed, with the file that it says to source
        pasted = f". build/local.env && .venv/bin/python - <<'PY'\n{_dedent(script[1])}\nPY\n"
        answer = subprocess.run(
            ["bash", "-c", pasted], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert "predictions" in answer.stdout
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[0]
    assert process.returncode in (0, 130), rest
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset, whichever comes first
        urllib.request.urlopen(f"{found[1]}/_ministack/health", timeout=5)
    assert not (ROOT / "build" / "local.env").exists()


def _dedent(script: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in script.splitlines())


@pytest.mark.parametrize(
    ("pattern", "replacement", "told"),
    [
        ("degree = 2", "degree = [2]", "models.mars.hyperparameters.degree"),
        ("weight = 1", "weight = -1", "variants[0].weight"),
        ("data/iris.csv", "data/tulips.csv", "data.train.path"),
        ('"ml.m5.large"', '"ml.m5.lage"', 'did you mean "ml.m5.large"'),
    ],
)
def test_bad_settings_stop_a_synth_with_one_message_and_exit_code_2(
    tmp_path: Path, pattern: str, replacement: str, told: str
) -> None:
    root = tmp_path / "project"
    ignored = shutil.ignore_patterns(".*", "node_modules", "build", "cdk.out", "tests")
    shutil.copytree(ROOT, root, ignore=ignored)
    workload = root / "workloads" / "iris-mars.toml"
    assert pattern in workload.read_text()
    workload.write_text(workload.read_text().replace(pattern, replacement))
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "workloads/iris-mars.toml" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (root / "cdk.out").exists()
