"""No way to serve that loads asks AWS for what botocore's model or AWS's pages refuse."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.serving.facts import FACTS, Asked, refused
from tests.serving.ways import Way, known
from tests.stacks.api_requests import violations
from tests.stacks.order import before

Request = dict[str, Any]


def asked(way: Way) -> Asked:
    """What the template of a way asks for."""
    _, config = way.one_of("AWS::SageMaker::EndpointConfig")
    _, endpoint = way.one_of("AWS::SageMaker::Endpoint")
    _, scaling = way.one_of("Custom::SageMakerVariantScaling", Phase="AfterUpdate")
    return Asked(
        models=[known(model, {}) for model in way.all_of("AWS::SageMaker::Model").values()],
        config=known(config, {}) | {"EndpointConfigName": "config"},
        endpoint=known(endpoint, {}),
        scaling=scaling["Variants"],
    )


def test_the_api_takes_the_requests_of_every_way(ways: list[Way]) -> None:
    found = {}
    for way in ways:
        requests = asked(way)
        found[way.name] = [
            *(
                problem
                for model in requests.models
                for problem in violations("CreateModel", {"ModelName": "model", **model})
            ),
            *violations("CreateEndpointConfig", requests.config),
            *violations("UpdateEndpoint", requests.endpoint),
            *(
                problem
                for alarm in way.all_of("AWS::CloudWatch::Alarm").values()
                for problem in violations(
                    "PutMetricAlarm", {"AlarmName": "alarm", **alarm}, "cloudwatch"
                )
            ),
        ]
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_no_way_asks_for_what_the_pages_of_aws_refuse(ways: list[Way]) -> None:
    found = {f"{way.name}: {way.served}": refused(asked(way)) for way in ways}
    assert {name: facts for name, facts in found.items() if facts} == {}


def instances(name: str = "a", **change: Any) -> Request:
    return {"VariantName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 4, **change}


def serverless(name: str = "a", **change: Any) -> Request:
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 5, **change}
    return {"VariantName": name, "ServerlessConfig": config}


def test_every_endpoint_follows_the_check_of_what_serves(ways: list[Way]) -> None:
    """Also one whose model is there already, for which no job has to wait."""
    for way in ways:
        endpoint, _ = way.one_of("AWS::SageMaker::Endpoint")
        check, _ = way.one_of("Custom::SageMakerUpdateCheck")
        assert check in before(way.template["Resources"], endpoint), way.name


def serving(
    *variants: Request,
    shadow: Request | None = None,
    models: Sequence[Request] = (),
    endpoint: Request | None = None,
    scaling: Sequence[Request] = (),
    **more: Any,
) -> Asked:
    """What is asked for with these variants; `more` are members of their configuration."""
    config: Request = {"ProductionVariants": list(variants), **more}
    if shadow:
        config["ShadowProductionVariants"] = [shadow]
    return Asked(list(models), config, endpoint or {}, list(scaling))


def guarded(*variants: Request, shadow: Request | None = None, **policy: Any) -> Asked:
    return serving(*variants, shadow=shadow, endpoint={"DeploymentConfig": policy})


def routed(kind: str, *variants: Request, **sizes: Any) -> Asked:
    routing = {"TrafficRoutingConfiguration": {"Type": kind, **sizes}}
    return guarded(*(variants or (instances(),)), BlueGreenUpdatePolicy=routing)


def scaled(
    *variants: Request,
    limits: tuple[int, int] = (1, 4),
    retain: bool = True,
    asynchronous: bool = False,
    **change: Any,
) -> Asked:
    low, high = limits
    scaling = {
        "InstanceType": "ml.m5.large",
        "ScalableTarget": {"MinCapacity": low, "MaxCapacity": high},
        "ScalingPolicies": [],
        "ScheduledActions": [],
        **change,
    }
    more: Request = {"AsyncInferenceConfig": {}} if asynchronous else {}
    return serving(
        *(variants or (instances(),)),
        scaling=[scaling],
        endpoint={"RetainAllVariantProperties": retain},
        **more,
    )


def percent(value: int) -> Request:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def steps(*bounds: tuple[float, float]) -> list[Request]:
    adjustments = [
        {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high} for low, high in bounds
    ]
    policy = {"StepAdjustments": adjustments}
    return [{"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": policy}]


INF1 = instances(InstanceType="ml.inf1.xlarge")
ROLLING = {"RollingUpdatePolicy": {"MaximumBatchSize": percent(50)}}
NIGHT = {"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1}}
SPOILT: dict[str, list[Callable[[], Asked]]] = {
    "no two variants have the same name": [
        lambda: serving(instances(), instances()),
        lambda: serving(instances(), shadow=instances()),
    ],
    "a variant has either instances or none": [
        lambda: serving(serverless() | {"InstanceType": "x", "InitialInstanceCount": 1}),
        lambda: serving({"VariantName": "a"}),
    ],
    "a serverless endpoint has one variant, no VPC, no isolation, no capture": [
        lambda: serving(serverless(), serverless("b")),
        lambda: serving(serverless(), DataCaptureConfig={"x": 1}),
        lambda: serving(serverless(), models=[{"EnableNetworkIsolation": True}]),
        lambda: serving(serverless(), models=[{"VpcConfig": {"Subnets": ["s"]}}]),
    ],
    "a serverless endpoint is not asynchronous": [
        lambda: serving(serverless(), AsyncInferenceConfig={}),
    ],
    "memory is in steps of a GB, and what is kept ready within the concurrency": [
        lambda: serving(serverless(MemorySizeInMB=1500)),
        lambda: serving(serverless(ProvisionedConcurrency=6)),
    ],
    "a shadow is the only one, beside the only variant": [
        lambda: serving(instances(), instances("b"), shadow=instances("c")),
    ],
    "a shadow is beside instances that answer at once, and not Inf1": [
        lambda: serving(instances(), shadow=instances("b"), AsyncInferenceConfig={}),
        lambda: serving(INF1, shadow=instances("b")),
    ],
    "a guard is for instances": [lambda: guarded(serverless(), AutoRollbackConfiguration={"x": 1})],
    "a guard is not for Inf1, where it would be dropped": [
        lambda: guarded(INF1, AutoRollbackConfiguration={"x": 1}),
    ],
    "a rolling update is of one variant": [
        lambda: guarded(instances(), instances("b"), **ROLLING),
        lambda: guarded(instances(), shadow=instances("b"), **ROLLING),
    ],
    "an update has one policy": [
        lambda: guarded(instances(), BlueGreenUpdatePolicy={}, **ROLLING),
    ],
    "each kind of routing has its own size": [
        lambda: routed("CANARY"),
        lambda: routed("ALL_AT_ONCE", LinearStepSize=percent(50)),
    ],
    "a step is a part of the fleet that SageMaker takes": [
        lambda: routed("CANARY", CanarySize=percent(51)),
        lambda: routed("LINEAR", LinearStepSize=percent(9)),
        lambda: routed("LINEAR", LinearStepSize={"Type": "INSTANCE_COUNT", "Value": 3}),
        lambda: guarded(instances(), RollingUpdatePolicy={"MaximumBatchSize": percent(4)}),
    ],
    "an update has the time that it waits": [
        lambda: guarded(
            instances(),
            BlueGreenUpdatePolicy={
                "TrafficRoutingConfiguration": {"WaitIntervalInSeconds": 400},
                "TerminationWaitInSeconds": 200,
                "MaximumExecutionTimeoutInSeconds": 600,
            },
        ),
    ],
    "no burstable instance is scaled": [lambda: scaled(InstanceType="ml.t3.large")],
    "something answers at any time, or the requests can wait": [
        lambda: scaled(limits=(0, 4)),
    ],
    "a minimum is at most its maximum": [
        lambda: scaled(limits=(5, 4)),
        lambda: scaled(ScheduledActions=[NIGHT]),
    ],
    "what is scaled of a serverless variant is there, and within its concurrency": [
        lambda: scaled(serverless()),
        lambda: scaled(serverless(ProvisionedConcurrency=1), limits=(1, 6)),
    ],
    "an update keeps the counts of what is scaled": [lambda: scaled(retain=False)],
    "steps have no gap and no overlap": [
        lambda: scaled(ScalingPolicies=steps((0, 5), (6, 9))),
        lambda: scaled(ScalingPolicies=steps((0, 5), (4, 9))),
        lambda: scaled(ScalingPolicies=steps((5, 5))),
    ],
    "an alarm takes missing data as CloudWatch knows it": [
        lambda: scaled(ScalingPolicies=[{"PolicyType": "", "Alarm": {"TreatMissingData": "bad"}}]),
    ],
    "what may have no instance is started by a backlog that has none": [
        lambda: scaled(limits=(0, 4), asynchronous=True),
    ],
}


@pytest.mark.parametrize("fact", FACTS)
def test_a_request_that_the_page_refuses_is_found(fact: str) -> None:
    for spoilt in SPOILT[fact]:
        assert fact in refused(spoilt())


@pytest.mark.parametrize(
    "good",
    [
        serving(instances(), instances("b")),
        serving(instances(), shadow=instances("b"), DataCaptureConfig={"x": 1}),
        serving(serverless(ProvisionedConcurrency=5)),
        routed("CANARY", instances(InitialInstanceCount=200), CanarySize=percent(1)),
        guarded(instances(), **ROLLING),
        scaled(),
        scaled(ScalingPolicies=steps((0, 5), (5, 9))),
        scaled(serverless(ProvisionedConcurrency=2)),
    ],
)
def test_a_request_that_they_take_is_not(good: Asked) -> None:
    assert refused(good) == []
