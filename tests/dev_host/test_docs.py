"""docs/dev-host.md says what is installed, and its examples are settings."""

import json
import re
import tomllib

import pytest

from environments.dev_host_downloads import HELPERS_VERSION, RSTUDIO_VERSION
from environments.schema import Environment
from local.cdk_cli import ROOT

PAGE = (ROOT / "docs" / "dev-host.md").read_text()
TABLE = PAGE.partition("### What is installed")[2].partition("###")[0]


def test_every_package_is_in_the_table_with_its_version() -> None:
    lines = (ROOT / "dev_host" / "ubuntu-packages.txt").read_text().splitlines()
    packages = [line.partition("#")[0].strip() for line in lines]
    for package in filter(None, packages):
        name, _, version = package.partition("=")
        (row,) = (row for row in TABLE.splitlines() if f"`{name}`" in row)
        assert f"| {version or 'the newest of 24.04'} |" in row


def test_downloads_are_in_the_table_with_their_versions() -> None:
    assert f"| RStudio Server | {RSTUDIO_VERSION} |" in TABLE
    assert f"| CloudFormation's helper scripts | {HELPERS_VERSION} |" in TABLE


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
def test_an_example_is_a_setting(example: str) -> None:
    environment = Environment.model_validate(tomllib.loads(example))
    assert environment.dev_host is not None


def test_the_months_example_adds_up() -> None:
    figures = dict(re.findall(r"^\| (t3\.large) .*\| ([0-9.]+) \|$", PAGE, re.MULTILINE))
    hour = float(figures["t3.large"])
    disks = (50 + 30) * 0.08
    assert f"| {4 * 21 * hour:.2f} |" in PAGE
    assert f"**{4 * 21 * hour + disks + 1.0 + 0.4:.2f}**" in PAGE
    assert f"730 hours is {730 * hour + disks + 1.0 + 0.4:.2f}" in PAGE


def test_every_make_command_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`?make ([a-z-]+)", PAGE)) - {"and"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_image_is_named_where_the_page_says() -> None:
    assert "sagestack:ubuntu-image" in json.loads((ROOT / "cdk.json").read_text())["context"]
