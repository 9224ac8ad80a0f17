"""How many requests there are at a time is published, and the policies on it act."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import pytest

from local.sagemaker.hosting.metrics import Metrics
from local.sagemaker.hosting.variants import Variant
from local.sagemaker.model_server import Answer
from tests.local.conftest import Account, settled
from tests.local.scaled import CONCURRENT, INSTANCES, Scaled
from tests.local.test_hosting_kinds import variant
from tests.local.test_metrics import sums

PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
UTILIZATION = "SageMakerVariantProvisionedConcurrencyUtilization"
SERVERLESS = {"MemorySizeInMB": 2048, "MaxConcurrency": 5, "ProvisionedConcurrency": 2}
OF_INSTANCES = {"VariantName": "v", "InitialVariantWeight": 1, "InitialInstanceCount": 2}


class Slow:
    """A host whose answers wait until it is told."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked = threading.Semaphore(0)

    def invoke(self, *_: Any) -> Answer:
        self.asked.release()
        self.go_on.wait()
        return cast(Answer, type("Answered", (), {"status": 200}))


@pytest.mark.parametrize(
    ("given", "config", "at_once", "expected"),
    [
        (OF_INSTANCES, {}, 3, {"ConcurrentRequestsPerModel": 1.5}),
        (OF_INSTANCES, {"AsyncInferenceConfig": {"OutputConfig": {}}}, 3, {}),
        (
            {**OF_INSTANCES, "ServerlessConfig": SERVERLESS},
            {},
            3,
            {
                "ServerlessConcurrentExecutionsUtilization": 0.6,
                "ServerlessProvisionedConcurrencyExecutions": 3,
                "ServerlessProvisionedConcurrencyUtilization": 1.5,
            },
        ),
        (
            {**OF_INSTANCES, "ServerlessConfig": {"MaxConcurrency": 4}},
            {},
            1,
            {"ServerlessConcurrentExecutionsUtilization": 0.25},
        ),
    ],
)
def test_each_kind_of_variant_has_the_metrics_of_its_kind(
    given: dict[str, Any], config: dict[str, Any], at_once: int, expected: dict[str, float]
) -> None:
    host = Slow()
    busy = Variant(given, cast(Any, host), lambda _: None)
    busy.config = config
    busy.settle()
    with ThreadPoolExecutor(at_once) as pool:
        asked = [pool.submit(busy.invoke, b"", {}, 60, 0) for _ in range(at_once)]
        for _ in asked:
            host.asked.acquire()
        found = {name: value for name, _, value in busy.load()}
        host.go_on.set()
    assert found == expected
    assert {value for _, _, value in busy.load()} <= {0}


def test_a_variant_that_is_watched_no_more_publishes_nothing() -> None:
    metrics = Metrics()
    looked: list[str] = []

    def load() -> Iterator[tuple[str, str, float]]:
        looked.append("looked")
        yield "ConcurrentRequestsPerModel", "Count", 1

    metrics._publisher = threading.current_thread()  # so that nobody but this test publishes
    metrics.watch("endpoint", "v", "config", load)
    metrics.publish()
    metrics.unwatch(load)
    metrics.publish()
    assert looked == ["looked"]


@contextmanager
def load(account: Account, endpoint: str, at_once: int) -> Iterator[None]:
    """So many requests at a time, each of which takes some seconds, while the block runs."""
    ended = threading.Event()

    def client() -> None:
        while not ended.is_set():
            account.ask(endpoint, b"slow")

    with ThreadPoolExecutor(at_once) as pool:
        clients = [pool.submit(client) for _ in range(at_once)]
        try:
            yield
        finally:
            ended.set()
        for each in clients:
            each.result()


def until_scaled(found: Callable[[], int], count: int) -> None:
    settled(lambda: {"count": found()}, lambda now: now["count"] == count)


def test_requests_at_a_time_make_more_instances_and_their_end_makes_fewer(
    account: Account,
) -> None:
    account.serve("concurrent", mars="Hello")
    scaled = Scaled(account, "concurrent", dimension=INSTANCES)
    scaled.register(1, 3)
    scaled.track(2, predefined=CONCURRENT)
    with load(account, "concurrent", at_once=6):
        scaled.until(3)
    scaled.until(1)
    assert all("triggered policy track" in cause for cause in scaled.activities())
    account.sagemaker.delete_endpoint(EndpointName="concurrent")


def test_the_use_of_provisioned_concurrency_changes_how_much_there_is(account: Account) -> None:
    account.configure("provisioned-models", v="Hello")
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 4, "ProvisionedConcurrency": 1}
    account.sagemaker.create_endpoint_config(
        EndpointConfigName="provisioned",
        ProductionVariants=[variant("v", "provisioned-models-v", ServerlessConfig=config)],
    )
    account.sagemaker.create_endpoint(EndpointName="provisioned", EndpointConfigName="provisioned")
    account.endpoint("provisioned")
    scaled = Scaled(account, "provisioned", "v", PROVISIONED)
    scaled.register(1, 3)
    scaled.track(0.5, predefined=UTILIZATION)

    def provisioned() -> int:
        (found,) = account.endpoint("provisioned")["ProductionVariants"]
        return int(found["CurrentServerlessConfig"]["ProvisionedConcurrency"])

    with load(account, "provisioned", at_once=3):
        until_scaled(provisioned, 3)
    assert sums(account, "provisioned", "v")["ServerlessProvisionedConcurrencyExecutions"] > 0
    account.sagemaker.delete_endpoint(EndpointName="provisioned")
