"""Every way to serve that loads is deployed, updated, answers and goes, on the embedded AWS."""

import json

import pytest

from jobs.events import ResourceError
from local.sagemaker.errors import SageMakerError
from tests.local.conftest import BUSY, settled
from tests.serving.deployed import Deployed
from tests.serving.in_process import World
from tests.serving.matrix import TARGETS
from tests.serving.ways import Way
from tests.stacks.api_requests import violations

SCALED_OUT = 3
"""Instances of a variant, which its scaling has found."""


def capacities(aws: World) -> dict[str, tuple[int, int]]:
    """The limits of every scalable target, by the variant."""
    found = aws.clients.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    return {
        target["ResourceId"].rpartition("/")[2]: (target["MinCapacity"], target["MaxCapacity"])
        for target in found["ScalableTargets"]
    }


def counts(aws: World, endpoint: str) -> dict[str, int | None]:
    """How many instances each variant has."""
    described = aws.clients.sagemaker.describe_endpoint(EndpointName=endpoint)
    return {
        variant["VariantName"]: variant.get("CurrentInstanceCount")
        for variant in described["ProductionVariants"]
    }


def deploy(way: Way, aws: World) -> None:
    """From the first deploy to the last."""
    served, stack = way.served, Deployed(way, aws)
    names = [f"v{at}" for at in range(served.variants)]
    stack.create()
    least = 0 if served.scaling == "to nothing" else 1
    scaled = served.scaling != "none"
    assert capacities(aws) == (dict.fromkeys(names, (least, 4)) if scaled else {})
    expected: dict[str, int | None] = dict.fromkeys(names, 1)
    if served.kind == "serverless":
        expected = dict.fromkeys(names)
    elif scaled:
        aws.clients.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=stack.name,
            DesiredWeightsAndCapacities=[
                {"VariantName": name, "DesiredInstanceCount": SCALED_OUT} for name in names
            ],
        )
        expected = dict.fromkeys(names, SCALED_OUT)
        settled(
            lambda: dict(aws.clients.sagemaker.describe_endpoint(EndpointName=stack.name)),
            lambda endpoint: endpoint["EndpointStatus"] not in BUSY,
        )
    stack.update()
    assert counts(aws, stack.name) == expected
    # it serves before the last container of the old fleet is stopped
    alive = served.variants + served.shadow
    settled(
        lambda: {"running": len(aws.containers.running)}, lambda found: found["running"] == alive
    )
    stack.delete()
    assert capacities(aws) == {}
    assert aws.containers.running == set()


@pytest.fixture(scope="module")
def refused(ways: list[Way], aws: World) -> dict[str, Exception]:
    """Deploy all of them: what was refused, and why."""
    found: dict[str, Exception] = {}
    for way in ways:
        try:
            deploy(way, aws)
        except (AssertionError, ResourceError, SageMakerError) as error:
            found[f"{way.name}: {way.served}"] = error
            aws.reset()
    return found


def test_every_way_to_serve_is_deployed_updated_and_deleted(
    ways: list[Way], refused: dict[str, Exception]
) -> None:
    assert refused == {}
    assert {way.served.kind for way in ways} == set(TARGETS)


@pytest.mark.usefixtures("refused")
def test_the_apis_take_every_request_of_the_scaling(aws: World) -> None:
    sent = {
        (service, operation, json.dumps(request, sort_keys=True))
        for service, operation, request in aws.requests
    }
    operations = {operation for _, operation, _ in sent}
    assert {"RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction"} < operations
    assert {"PutMetricAlarm", "DeregisterScalableTarget"} < operations
    for service, operation, request in sent:
        assert violations(operation, json.loads(request), service) == [], request
