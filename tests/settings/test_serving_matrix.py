"""Every combination of ways to serve loads or is refused, as AWS's documentation has it.

What is documented is written down here a second time, apart from workloads/schema/serving_rules.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workloads.schema import Project, Workload

GUARDS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "ALL_AT_ONCE": {"strategy": "ALL_AT_ONCE"},
    "CANARY": {"strategy": "CANARY", "step_percent": 10},
    "LINEAR": {"strategy": "LINEAR", "step_percent": 25},
    "ROLLING": {"strategy": "ROLLING", "step_percent": 50},
}
TARGETS: dict[str, dict[str, Any]] = {
    "instances": {"invocations_per_instance": 200},
    "asynchronous": {"backlog_per_instance": 5},
    "serverless": {"provisioned_concurrency_utilization": 0.7},
}
SCALING = ("none", "target", "steps", "schedule", "to nothing")


@dataclass(frozen=True)
class Served:
    """One way to serve."""

    kind: str
    guard: str
    scaling: str
    variants: int
    shadow: bool
    capture: bool
    isolated: bool
    burstable: bool


def every() -> Iterator[Served]:
    flag = (False, True)
    for way in product(TARGETS, GUARDS, SCALING, (1, 2, 10), flag, flag, flag, flag):
        served = Served(*way)
        if served.kind != "serverless" or not served.burstable:  # it has no instances
            yield served


def document(served: Served) -> dict[str, Any]:
    """The workload's file, as TOML is read."""
    tables: dict[str, Any] = {
        "deployment": GUARDS[served.guard],
        "shadow_variant": {"name": "next"} if served.shadow else None,
        "data_capture": {} if served.capture else None,
        "async_inference": {} if served.kind == "asynchronous" else None,
    }
    return {
        "name": "iris",
        "description": "An iris",
        "models": {
            "mars": {
                "image": {"uri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mars:1"},
                "artifact": "s3://bucket/model.tar.gz",
                "network_isolation": served.isolated,
            }
        },
        "variants": [{"name": f"v{at}", **variant(served)} for at in range(served.variants)],
        "api": {
            "content_type": "text/csv",
            "features": [{"name": "Width", "type": "number"}],
        },
        "smoke": {"content_type": "text/csv", "body": "3.5"},
        **{name: table for name, table in tables.items() if table is not None},
    }


def variant(served: Served) -> dict[str, Any]:
    hosted: dict[str, Any] = {
        "instance_type": "ml.t2.medium" if served.burstable else "ml.m5.large"
    }
    if served.kind == "serverless":
        hosted = {"serverless": {"provisioned_concurrency": 2, "max_concurrency": 9}}
    if served.scaling != "none":
        hosted["autoscaling"] = autoscaling(served)
    return hosted


def autoscaling(served: Served) -> dict[str, Any]:
    match served.scaling:
        case "steps":
            return {"max_capacity": 4, "steps": [{"above": 0, "add": -1}, {"above": 9, "add": 2}]}
        case "schedule":
            night = {"cron": "0 20 ? * * *", "min_capacity": 1, "max_capacity": 2}
            return {"max_capacity": 4, "schedule": [night]}
        case "to nothing":
            return {"min_capacity": 0, "max_capacity": 4, **TARGETS[served.kind]}
        case _:
            return {"max_capacity": 4, **TARGETS[served.kind]}


def refusals(served: Served) -> Iterator[str]:
    """Why SageMaker or Application Auto Scaling would not do it, or not what it looks like.

    The pages are those of docs.aws.amazon.com/sagemaker/latest/dg/.
    """
    serverless = served.kind == "serverless"
    asynchronous = served.kind == "asynchronous"
    # serverless-endpoints: "Feature exclusions"
    if serverless and served.variants > 1:
        yield "several serverless variants"
    if serverless and served.isolated:
        yield "an isolated serverless variant"
    if serverless and served.capture:
        yield "captured data of a serverless variant"
    # deployment-guardrails: only for real-time and asynchronous endpoints
    if serverless and served.guard != "none":
        yield "a guarded update of a serverless variant"
    # deployment-guardrails-exclusions
    if served.guard == "ROLLING" and (served.variants > 1 or served.shadow):
        yield "a rolling update of several variants"
    # shadow-tests-exclusions; shadow-tests-create: "a maximum of one production variant"
    if served.shadow and (serverless or asynchronous or served.variants > 1):
        yield "a shadow variant beside what has none"
    # InvokeEndpointAsync has no TargetVariant, and its requests and answers are objects anyway
    if asynchronous and (served.variants > 1 or served.capture):
        yield "an asynchronous endpoint of several variants, or captured"
    if served.scaling == "none":
        return
    # endpoint-auto-scaling-prerequisites, endpoint-auto-scaling-add-console
    if served.burstable:
        yield "burstable instances that are scaled"
    # endpoint-auto-scaling-zero-instances and async-inference-autoscale: 0 is for these alone
    if served.scaling == "to nothing" and not asynchronous:
        yield "nothing that answers"
    # steps are by InvocationsPerInstance: async-inference-autoscale scales by the backlog,
    # serverless-endpoints-autoscale by the utilization
    if served.scaling == "steps" and (serverless or asynchronous):
        yield "steps of what has no invocations per instance"


@cache
def project() -> Project:
    return Project(Path("/project"), Path("/project/workloads/iris.toml"))


@cache
def lines(served: Served) -> tuple[str, ...]:
    """The problems of the workload, each with its key; none when it loads."""
    try:
        Workload.model_validate(document(served), context=project())
    except ValidationError as error:
        details = error.errors(include_url=False)
        return tuple(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in details)
    return ()


def test_every_combination_loads_or_is_refused_as_documented() -> None:
    wrong = []
    for served in every():
        why, found = list(refusals(served)), lines(served)
        if bool(why) != bool(found):
            wrong.append((served, why, found))
    assert wrong == []


def test_every_refusal_says_what_was_found_and_what_is_allowed() -> None:
    said = {line for served in every() for line in lines(served)}
    assert said
    for line in said:
        key, _, sentence = line.partition(": ")
        assert key.split(".")[0] in Workload.model_fields, line
        assert sentence.startswith(("found ", "missing")), line
        assert "; allowed: " in line
        assert "\n" not in line


def test_each_way_to_serve_is_possible() -> None:
    """Nothing is refused whatever it is combined with."""
    possible = [served for served in every() if not lines(served)]
    for field in fields(Served):
        used = {getattr(served, field.name) for served in possible}
        assert used == {getattr(served, field.name) for served in every()}, field.name
