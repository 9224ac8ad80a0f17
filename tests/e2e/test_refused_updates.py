"""What SageMaker would not make of the endpoint that is there is said before anything is trained.

The tests share one deployment: each asks for a new model as well, which is never trained.
"""

import re
from collections.abc import Callable, Iterator

import pytest

from local.cdk_cli import CdkError
from tests.e2e.conftest import App, project

ByHand = Callable[[int], list[float]]
WORKLOAD = "iris-mars"
VARIANT = 'name = "mars"'
RENAMED = VARIANT.replace("mars", "venus")
GUARD = '\n[deployment]\nstrategy = "ALL_AT_ONCE"\nwait = 0\n'


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        app.bootstrap()
        app.deploy()
        yield app


def refused(app: App, by_hand: ByHand, text: str, message: str) -> None:
    """Deploy a text of the workload's file: it must fail, and everything be as it was."""
    path = app.root / "workloads" / f"{WORKLOAD}.toml"
    before = path.read_text()
    jobs, config = app.jobs(), app.endpoint()["EndpointConfigName"]
    path.write_text(text.replace("degree = 2", "degree = 1"))
    assert path.read_text() != text
    try:
        with pytest.raises(CdkError, match=message):
            app.deploy()
    finally:
        path.write_text(before)
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert app.jobs() == jobs
    assert app.endpoint()["EndpointStatus"] == "InService"
    assert app.endpoint()["EndpointConfigName"] == config
    assert app.predictions() == pytest.approx(by_hand(2), abs=1e-12)


def written(app: App) -> str:
    return (app.root / "workloads" / f"{WORKLOAD}.toml").read_text()


def test_instances_do_not_become_serverless(app: App, by_hand: ByHand) -> None:
    variants = '[[variants]]\nname = "mars"\nserverless = {}\n\n'
    text = re.sub(r"(?sm)^\[\[variants\]\].*?(?=# What a client)", variants, written(app))
    refused(app, by_hand, text, "serves with instances")


def test_variants_get_no_other_names_under_a_guard(app: App, by_hand: ByHand) -> None:
    text = written(app)
    assert text.count(VARIANT) == 1
    renamed = text.replace(VARIANT, RENAMED)
    refused(app, by_hand, f"{renamed}{GUARD}", "serves the variants mars")


def test_nor_after_one_as_what_serves_could_not_be_put_back(app: App, by_hand: ByHand) -> None:
    path, text = app.root / "workloads" / f"{WORKLOAD}.toml", written(app)
    path.write_text(f"{text}{GUARD}")
    app.deploy()
    refused(app, by_hand, text.replace(VARIANT, RENAMED), "serves the variants mars")
    path.write_text(text)
    app.deploy()


def test_without_a_guard_they_do(app: App, by_hand: ByHand) -> None:
    app.edit(VARIANT, RENAMED)
    app.edit("degree = 2", "degree = 1")
    app.deploy()
    (variant,) = app.endpoint()["ProductionVariants"]
    assert variant["VariantName"] == "venus"
    assert app.predictions() == pytest.approx(by_hand(1), abs=1e-12)
