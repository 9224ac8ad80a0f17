"""What `make new-workload` writes deploys, answers and passes its test, with nothing changed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.api_client import ApiClient
from local.cdk_cli import ROOT
from local.deployment import Deployment
from local.session import EmbeddedAWS
from tests.e2e.conftest import APP, copy, silent
from workloads.loading import load_workloads

STARTERS = ("builtin", "python", "r")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose workloads are one of each starter."""
    root = copy(tmp_path_factory.mktemp("project") / "sagestack", workload="none of them")
    shutil.copytree(ROOT / "tests", root / "tests")
    for starter in STARTERS:
        subprocess.run(
            [
                *(sys.executable, "-m", "cli", "new-workload"),
                *("--name", f"mine-{starter}", "--from", starter),
            ],
            cwd=root,
            check=True,
        )
    return root


@pytest.fixture(scope="module")
def api(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiClient]:
    """The API of all of them, deployed."""
    state = tmp_path_factory.mktemp("embedded-aws")
    with EmbeddedAWS(state, settings={"SAGESTACK_RUNNER": "process"}, enforce_iam=True) as aws:
        deployment = Deployment(aws, root=root, assembly=root / "cdk.out")
        deployment.synth(silent)
        deployment.bootstrap(silent)
        deployment.deploy(silent)
        yield deployment.api(APP)


@pytest.mark.parametrize("starter", STARTERS)
def test_a_new_workload_answers_through_the_api(root: Path, api: ApiClient, starter: str) -> None:
    (workload,) = (w for w in load_workloads(root / "workloads") if w.name == f"mine-{starter}")
    names = ",".join(feature.name for feature in workload.api.features)
    header = "" if workload.api.header else f"{names}\n"
    body = f"{header}{workload.smoke.body.strip()}\n"
    answer = api.post(
        f"/workloads/{workload.name}/invocations",
        body.encode(),
        content_type="text/csv",
        accept="text/csv",
    )
    assert answer.status == 200, answer.body
    # 3.6 minutes, and a dose of 0.5 mg of ascorbic acid: in the range of what R's data have there
    low, high = (60, 90) if starter == "builtin" else (4.2, 11.5)
    assert low < float(answer.body) < high


@pytest.mark.parametrize("starter", [name for name in STARTERS if name != "builtin"])
def test_a_new_workload_passes_its_test(root: Path, starter: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-k", "native"),
            *("tests/container", "--workload", f"mine-{starter}"),
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_a_training_that_fails_ends_the_test_with_its_reason(tmp_path: Path) -> None:
    root = copy(tmp_path / "sagestack", workload="iris-mars")
    shutil.copytree(ROOT / "tests", root / "tests")
    workload = root / "workloads" / "iris-mars.toml"
    text = workload.read_text()
    workload.write_text(text.replace('target = "Sepal.Length"', 'target = "Petal.Lenght"'))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/container", "--workload", "iris-mars"],
        cwd=root,
        env={**os.environ, "SAGESTACK_RUNNER": "process"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (told,) = [line for line in done.stdout.splitlines() if "Petal.Lenght" in line]
    assert "workloads/iris-mars.toml, container/mars (native): the training failed: " in told
    assert "hyperparameter 'target': found 'Petal.Lenght', allowed: a column of the data" in told
    assert "Traceback" not in done.stdout
    assert len(done.stdout.splitlines()) < 20
