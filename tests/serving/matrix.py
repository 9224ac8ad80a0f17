"""Every combination of ways to serve, each as a workload's file, and those that load."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workloads.schema import Project, Workload

GUARDS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "ALL_AT_ONCE": {"strategy": "ALL_AT_ONCE", "wait": 0},
    "CANARY": {"strategy": "CANARY", "step_percent": 10, "wait": 0},
    "LINEAR": {"strategy": "LINEAR", "step_percent": 25, "wait": 0},
    "ROLLING": {"strategy": "ROLLING", "step_percent": 50, "wait": 0},
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


@cache
def accepted() -> dict[str, Served]:
    """Those that load, by a name of a workload each."""
    loading = (served for served in every() if not lines(served))
    return {f"way-{at}": served for at, served in enumerate(loading)}


def workload(name: str) -> Workload:
    """Load the one of that name."""
    loaded = Workload.model_validate(document(accepted()[name]), context=project())
    return loaded.model_copy(update={"name": name})
