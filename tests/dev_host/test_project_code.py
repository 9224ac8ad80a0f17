"""The R code of the dev host's project: its own unit tests, and its style."""

from __future__ import annotations

from pathlib import Path

from tests.container.test_r_code import r_vector, rscript

DEV_HOST = Path(__file__).parents[2] / "dev_host"
SHARED = [DEV_HOST / "project" / name for name in ("sagestack.R", "jobs.R")]


def test_the_unit_tests_of_the_scripts_pass() -> None:
    rscript(DEV_HOST, "testthat::test_dir('tests/testthat', reporter = 'summary')")


def test_the_scripts_are_free_of_lint() -> None:
    ours = sorted((*DEV_HOST.glob("project/*.R"), *DEV_HOST.glob("tests/testthat/*.R")))
    assert len(ours) >= 5
    # The linter looks for what one file uses of another in the global environment.
    rscript(
        DEV_HOST / "tests" / "testthat",
        f"library(testthat);"
        f"for (file in {r_vector(SHARED)}) source(file);"
        f"source('helper.R');"
        f"lints <- lapply({r_vector(ours)}, lintr::lint);"
        f"for (lint in lints) print(lint);"
        f"quit(status = sum(lengths(lints)) > 0)",
    )
