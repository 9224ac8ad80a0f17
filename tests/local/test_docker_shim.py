"""Without an engine a build keeps the programs, unless they could only run in a container."""

from pathlib import Path

import pytest

from local.docker_shim import STATE
from local.docker_shim import main as docker
from local.runners import ImageError


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build context, which is the folder that docker is called in."""
    monkeypatch.setenv("SAGESTACK_RUNNER", "process")
    monkeypatch.setenv(STATE, str(tmp_path / "images"))
    folder = tmp_path / "context"
    (folder / "line").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def _build() -> int:
    return docker(["build", "--tag", "line", "."])


def test_programs_that_know_no_folder_but_opt_ml_are_refused(context: Path) -> None:
    (context / "line" / "train").write_text("#!/bin/sh\ncat /opt/ml/input/data/train/*\n")
    (context / "serve").write_text("#!/bin/sh\nexec gunicorn\n")
    with pytest.raises(ImageError) as error:
        _build()
    assert str(error.value).startswith("found /opt/ml in line/train, and SAGEMAKER_BASE_DIR in no")
    assert "runs in Docker only" in str(error.value)
    assert docker(["inspect", "line"]) == 1


def test_programs_that_take_their_folder_from_the_environment_may_name_the_usual_one(
    context: Path,
) -> None:
    (context / "line" / "train").write_text("cd ${SAGEMAKER_BASE_DIR:-/opt/ml}")
    (context / "README.md").write_text("It writes to /opt/ml/model.")
    assert _build() == 0


def test_what_only_the_engine_or_a_person_reads_is_no_program(context: Path) -> None:
    (context / "Dockerfile").write_text("VOLUME /opt/ml")
    (context / "README.md").write_text("It writes to /opt/ml/model.")
    (context / "weights.bin").write_bytes(b"/opt/ml" * 200_000)
    assert _build() == 0
