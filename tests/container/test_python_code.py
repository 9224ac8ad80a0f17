"""The unit tests of the containers' Python code, run with Debian's Python as the code is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

CONTAINER = Path(__file__).parents[2] / "container"
PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    """What the tests need; local/install.sh installs it."""
    done = subprocess.run(
        [PYTHON, "-c", "import hypothesis, pytest, sklearn, matplotlib, uvicorn, gunicorn"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"local/install.sh r && local/install.sh test: {done.stderr}", pytrace=False)


@pytest.mark.parametrize("folder", ["toolkit/python", "sklearn"])
def test_the_unit_tests_of_the_python_code_pass(folder: str, tmp_path: Path) -> None:
    command = [PYTHON, "-m", "pytest", "-q", "-c", "/dev/null", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--rootdir={folder}", f"--basetemp={tmp_path / 'base'}", f"{folder}/tests"],
        cwd=CONTAINER,
        env={
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "hypothesis"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "script", sorted((CONTAINER.parent / "workloads" / "by-hand").glob("*.py"))
)
def test_what_is_called_by_hand_prints_metrics(script: Path) -> None:
    done = subprocess.run(
        [PYTHON, script], cwd=CONTAINER.parent, capture_output=True, text=True, check=True
    )
    metrics = dict(line.split("=") for line in done.stdout.splitlines())
    assert metrics
    assert all(map(float, metrics.values()))
