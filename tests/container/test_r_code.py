"""The R code of the toolkit and of each container in R: its own unit tests, and its style."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.container.runners import LEAVE_SECONDS

CONTAINERS = Path(__file__).parents[2] / "container"
TOOLKIT = CONTAINERS / "toolkit" / "r"
IN_R = [TOOLKIT, *sorted(file.parent for file in CONTAINERS.glob("*/model.R"))]
TESTED = [folder for folder in IN_R if (folder / "tests" / "testthat").is_dir()]


FORKING = """
    fork <- function(number) {
        cat(Sys.getpid(), "\\n", file = "pids")
        Sys.sleep(600)
    }
    train <- function(job) parallel::mclapply(1:2, fork, mc.cores = 2L)
    save <- function(model, folder) NULL
    task <- new_task(list(), train, save, NULL, NULL, NULL, NULL, NULL)
"""
"""A model.R whose training forks two processes, which never end by themselves."""


def name(folder: Path) -> str:
    return str(folder.relative_to(CONTAINERS))


def rscript(folder: Path, code: str) -> None:
    """Run R code in a folder; it must end well."""
    if shutil.which("Rscript") is None:
        pytest.fail("Rscript is missing: apt-get install r-base-core r-cran-testthat r-cran-lintr")
    command = ["Rscript", "--vanilla", "-e", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", TESTED, ids=name)
def test_the_unit_tests_of_the_r_code_pass(folder: Path) -> None:
    rscript(folder, "testthat::test_dir('tests/testthat', reporter = 'summary')")


@pytest.mark.parametrize("folder", IN_R, ids=name)
def test_the_r_code_is_free_of_lint(folder: Path) -> None:
    # The linter looks for what one file uses of another in the global environment.
    shared = sorted(TOOLKIT.glob("R/*.R")) + sorted(folder.glob("R/*.R"))
    helper = folder / "tests" / "testthat" / "helper.R"
    programs = [path for path in folder.iterdir() if path.is_file() and is_r(path)]
    ours = [*programs, *folder.glob("R/*.R"), *folder.glob("tests/testthat/*.R")]
    rscript(
        folder,
        f"library(testthat);"
        f"for (file in {r_vector(shared)}) source(file);"
        f"if (file.exists('{helper}')) withr::with_dir('{helper.parent}', source('helper.R'));"
        f"lints <- lapply({r_vector(sorted(ours))}, lintr::lint);"
        f"for (lint in lints) print(lint);"
        f"quit(status = sum(lengths(lints)) > 0)",
    )


def is_r(path: Path) -> bool:
    """Tell R code from the other files of a container, `train` of the toolkit among it."""
    return path.suffix == ".R" or path.read_bytes().startswith(b"#!/usr/bin/env -S Rscript")


def r_vector(files: list[Path]) -> str:
    return f"c({', '.join(repr(str(file)) for file in files)})"


def test_sigterm_also_ends_the_processes_that_training_forked(tmp_path: Path) -> None:
    (tmp_path / "toolkit").symlink_to(TOOLKIT)
    (tmp_path / "train").symlink_to("toolkit/train")
    (tmp_path / "model.R").write_text(FORKING)
    data = tmp_path / "ml" / "input" / "data" / "train"
    data.mkdir(parents=True)
    (data / "rows.csv").write_text("a\n1\n")
    (tmp_path / "ml" / "model").mkdir()
    os.mkfifo(tmp_path / "pids")
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(tmp_path / "ml")}
    with subprocess.Popen(["./train"], cwd=tmp_path, env=environment) as job:
        pids: list[str] = []
        while len(pids) < 2:
            pids += (tmp_path / "pids").read_text().split()
        job.send_signal(signal.SIGTERM)
        assert job.wait(LEAVE_SECONDS) == 128 + signal.SIGTERM
    deadline = time.monotonic() + LEAVE_SECONDS
    while left := [pid for pid in pids if Path("/proc", pid, "exe").exists()]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)
    assert not (tmp_path / "ml" / "model").exists()
