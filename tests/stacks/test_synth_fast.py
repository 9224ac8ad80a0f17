"""`make synth-fast` writes what `make synth` writes, and nothing else leaves the checks out."""

import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App

import app
from app import ROOT
from environments.loading import Settings

REPORT = "validation-report.json"


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the CDK's command line writes, as `make synth` runs it."""
    output = tmp_path_factory.mktemp("synth")
    _run("cdk", "synth", "--quiet", "--no-notices", "--output", str(output))
    return output


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make synth-fast` writes, above what a synth of before has found."""
    output = tmp_path_factory.mktemp("synth-fast")
    (output / REPORT).write_text("{}")
    _run(sys.executable, "-m", "cli.synth_fast", "default", str(output))
    return output


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)


def test_the_templates_are_the_same(checked: Path, fast: Path) -> None:
    templates = sorted(path.name for path in checked.glob("*.template.json"))
    assert "sagestack-iris-mars.template.json" in templates
    assert sorted(path.name for path in fast.glob("*.template.json")) == templates
    for name in templates:
        assert (fast / name).read_bytes() == (checked / name).read_bytes()


def test_what_was_checked_says_so_and_nothing_else(checked: Path, fast: Path) -> None:
    assert (checked / REPORT).exists()
    assert not (fast / REPORT).exists()


@pytest.mark.parametrize(
    ("said", "checks"), [(None, True), ("", True), ("true", True), ("false", False)]
)
def test_the_app_leaves_its_checks_out_only_when_it_is_told_to(
    said: str | None, checks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def build_app(empty: App, _settings: Settings, *, checked: bool) -> App:
        asked.append(checked)
        return empty

    monkeypatch.setattr(app, "build_app", build_app)
    if said is None:
        monkeypatch.delenv("CDK_VALIDATION", raising=False)
    else:
        monkeypatch.setenv("CDK_VALIDATION", said)
    app.main()
    assert asked == [checks]
