"""What only the image of the containers in Python shows."""

from __future__ import annotations

import pytest

from tests.container.runners import Runner

pytestmark = [pytest.mark.container("sklearn"), pytest.mark.kind("docker")]


def test_a_start_compiles_nothing_of_the_toolkit(runner: Runner) -> None:
    code = """
from importlib.util import cache_from_source
from pathlib import Path
files = sorted(Path("/opt/program/toolkit").glob("*.py"))
print(len(files), *[file.name for file in files if not Path(cache_from_source(file)).exists()])
"""
    count, *not_compiled = runner.tool("python3", "-c", code).split()
    assert int(count) > 10
    assert not_compiled == []
