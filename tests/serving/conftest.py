import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.cdk_cli import ROOT
from tests.serving.in_process import World, world
from tests.serving.matrix import accepted
from tests.serving.ways import Way


@pytest.fixture(scope="session")
def ways(tmp_path_factory: pytest.TempPathFactory) -> list[Way]:
    """Every way to serve that loads, with its template: all of one synth."""
    assembly = tmp_path_factory.mktemp("ways")
    subprocess.run(
        [sys.executable, "-m", "tests.serving.synth", str(assembly)],
        cwd=ROOT,
        env={**os.environ, "CDK_VALIDATION": "false", "PYTHONPATH": f"{ROOT}"},
        check=True,
    )
    return [
        Way(name, served, json.loads((assembly / f"{name}.template.json").read_text()))
        for name, served in accepted().items()
    ]


@pytest.fixture(scope="module")
def aws() -> Iterator[World]:
    """The embedded AWS in this process."""
    with world() as made:
        yield made
