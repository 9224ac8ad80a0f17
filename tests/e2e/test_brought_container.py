"""A container written for SageMaker by others, with /opt/ml hard-coded, runs unchanged in Docker.

brought/container is laid out as such containers are: programs in a folder of their own that the
Dockerfile copies, nginx before gunicorn, no ENTRYPOINT, root, and nothing of this project's.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cdk_cli import CdkError
from local.leftovers import leftovers
from tests.e2e.conftest import App, project

WORKLOAD = "brought"
FILES = Path(__file__).with_name(WORKLOAD)
DATA = "1.5,1\n2.5,2\n3.0,3\n5.5,4\n"
LINE = (0.0, 1.25)
"""Intercept and slope of the line of least squares through these."""


def _bring(app: App) -> None:
    shutil.copytree(FILES / "container", app.root / "container" / WORKLOAD)
    shutil.copy(FILES / f"{WORKLOAD}.toml", app.root / "workloads")
    (app.root / "workloads" / "data" / f"{WORKLOAD}.csv").write_text(DATA)


@pytest.fixture(scope="module")
def app(
    docker_engine: None,  # noqa: ARG001 - decides whether a missing engine skips or fails
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD, SAGESTACK_RUNNER="docker") as app:
        _bring(app)
        app.bootstrap()
        yield app


def _predictions(app: App) -> list[float]:
    path = f"/workloads/{WORKLOAD}/invocations"
    body = b'{"instances": [{"x": 0}, {"x": 10}]}'
    answer = app.api.post(path, body, content_type="application/json", accept="text/csv")
    assert answer.status == 200, answer.body
    return [float(line) for line in answer.body.decode().splitlines()]


def test_what_it_trained_is_what_it_serves(app: App) -> None:
    app.deploy()
    intercept, slope = LINE
    assert _predictions(app) == pytest.approx([intercept, intercept + 10 * slope], abs=1e-12)
    assert list(app.jobs().values()) == ["Completed"]


def test_its_own_failure_file_is_the_reason_of_a_failed_deploy(app: App) -> None:
    before = _predictions(app)
    (app.root / "workloads" / "data" / f"{WORKLOAD}.csv").write_text(f"y,x\n{DATA}")
    with pytest.raises(CdkError) as failed:
        app.deploy()
    told = " ".join(str(failed.value).split())
    assert "Exception during training: could not convert string to float: 'y'" in told
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert sorted(app.jobs().values()) == ["Completed", "Failed"]
    assert _predictions(app) == before


def test_destroy_leaves_nothing(app: App) -> None:
    app.deployment.destroy(print)
    assert leftovers(app.aws.client) == []


@pytest.fixture
def without_docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        _bring(app)
        app.bootstrap()
        yield app


def test_without_docker_it_is_refused_and_told_why(without_docker: App) -> None:
    with pytest.raises(CdkError) as failed:
        without_docker.deploy()
    told = " ".join(str(failed.value).split())
    assert "found /opt/ml in line/predictor.py, line/train" in told
    assert "such a container runs in Docker only" in told
    assert without_docker.jobs() == {}
