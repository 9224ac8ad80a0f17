"""docs/endpoint-properties.md is complete and true: by botocore, the keys and the templates."""

import json
from typing import Any

import pytest
from aws_cdk import App

from app import ROOT, build_app
from environments.loading import Settings
from environments.schema import Environment
from tests.cli.property_tables import ENDPOINTS, keys_below, request, sends
from tests.stacks.conftest import ENVIRONMENT
from workloads.schema import Project, Workload


def test_every_key_about_serving_is_named() -> None:
    tables = ("variants", "shadow_variant", "deployment", "alarms", "data_capture")
    about_serving = keys_below(*tables, "async_inference", "models.<>.network_isolation")
    assert about_serving - ENDPOINTS.named_keys() == set()


MODEL = {
    "image": {"container": "mars"},
    "artifact": "s3://their-bucket/model.tar.gz",
    "network_isolation": True,
}
M5 = {"name": "a", "instance_type": "ml.m5.large", "instance_count": 10, "startup_timeout": 300}
SERVERLESS = {"memory_size_mb": 1024, "max_concurrency": 5, "provisioned_concurrency": 1}
TIMES = {"wait": 60, "max_execution_time": 28800}
SERVED: dict[str, dict[str, Any]] = {
    "canary": {
        "variants": [M5],
        "shadow_variant": M5 | {"name": "b", "sampling_percentage": 50},
        "data_capture": {},
        "deployment": {"strategy": "CANARY", "step_percent": 10, "termination_wait": 60, **TIMES},
    },
    "linear": {
        "variants": [M5 | {"autoscaling": {"max_capacity": 10, "invocations_per_instance": 9}}],
        "deployment": {"strategy": "LINEAR", "step_percent": 10, **TIMES},
        "alarms": {"names": ["mine"]},
    },
    "rolling": {
        "variants": [M5],
        "deployment": {
            "strategy": "ROLLING",
            "step_instances": 1,
            "rollback_percent": 50,
            **TIMES,
        },
    },
    "serverless": {
        "variants": [{"name": "a", "serverless": SERVERLESS}],
        "models": {"mars": MODEL | {"network_isolation": False}},
    },
    "asynchronous": {
        "variants": [M5],
        "async_inference": {"max_concurrent_invocations_per_instance": 4},
    },
}
RESOURCES = {
    "CreateModel": "AWS::SageMaker::Model",
    "CreateEndpointConfig": "AWS::SageMaker::EndpointConfig",
    "CreateEndpoint": "AWS::SageMaker::Endpoint",
    "UpdateEndpoint": "AWS::SageMaker::Endpoint",
}
MADE_UP = {"CreateModel": {"ModelName"}, "CreateEndpointConfig": {"EndpointConfigName"}}
"""By CloudFormation, so that no template has them."""


def _workload(name: str) -> Workload:
    document = {
        "name": name,
        "description": "One way to serve",
        "models": {"mars": MODEL},
        "api": {"content_type": "text/csv", "features": [{"name": "width", "type": "number"}]},
        "smoke": {"content_type": "text/csv", "body": "1.5"},
        **SERVED[name],
    }
    return Workload.model_validate(
        document, context=Project(ROOT, ROOT / "workloads" / f"{name}.toml")
    )


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The resources of a stack for each way to serve."""
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "dev_host"}
    settings = Settings(Environment.model_validate(environment), tuple(map(_workload, SERVED)))
    outdir = tmp_path_factory.mktemp("cdk.out")
    build_app(App(outdir=str(outdir)), settings, checked=False).synth()
    templates = [(outdir / f"sagestack-{name}.template.json").read_text() for name in SERVED]
    return [each for text in templates for each in json.loads(text)["Resources"].values()]


@pytest.mark.parametrize("operation", ENDPOINTS.operations)
def test_what_is_said_to_be_sent_is_sent_and_nothing_else(
    operation: str, resources: list[dict[str, Any]]
) -> None:
    requests = [each["Properties"] for each in resources if each["Type"] == RESOURCES[operation]]
    sent = {leaf for leaf in request(operation) if any(sends(each, leaf) for each in requests)}
    assert sent == ENDPOINTS.said_to_be_sent(operation) - MADE_UP.get(operation, set())
