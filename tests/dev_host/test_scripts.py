"""The scripts of a dev host hold what every shell script of it should."""

import subprocess
from pathlib import Path

import pytest

from local.cdk_cli import ROOT

SCRIPTS = sorted((ROOT / "dev_host").glob("**/*.sh"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
