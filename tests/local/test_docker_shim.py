"""Without an engine a build keeps the programs, unless they could only run in a container."""

import os
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


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a stand-in for apt-get, run by root, writes what it is asked for."""
    programs, asked = tmp_path / "bin", tmp_path / "asked"
    programs.mkdir()
    for name, script in {
        "apt-get": f'case "$*" in *r-cran-none*) exit 100; esac; echo "$@" >>{asked}',
        "dpkg-query": 'case "$*" in *haproxy*) echo ok installed; esac',
        "id": "echo 0",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return asked


def test_a_package_that_a_container_names_is_installed_as_in_an_image(
    context: Path, installed: Path
) -> None:
    (context / "apt-packages.txt").write_text("r-cran-mda  # MARS\n")
    (context / "line" / "apt-packages.txt").write_text("# HTTP\nhaproxy\n")
    assert _build() == 0
    update, install = installed.read_text().splitlines()
    assert update.startswith("update")
    assert install.startswith("install")
    assert "r-cran-mda" in install
    assert "haproxy" not in install


@pytest.mark.usefixtures("installed")
def test_a_package_that_there_is_not_ends_the_build(
    context: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (context / "apt-packages.txt").write_text("r-cran-none\n")
    with pytest.raises(ImageError):
        _build()
    assert "apt-get could not install r-cran-none" in capfd.readouterr().err
    assert docker(["inspect", "line"]) == 1
