"""A stack's serving part on the embedded AWS: made, updated and deleted as CloudFormation would."""

import time
from typing import Any

from jobs import handler
from local.sagemaker import records
from local.sagemaker.cloudformation import EndpointType, ResourceType
from tests.lambda_.jobs.fake_aws import STACK_ID
from tests.lambda_.jobs.job_events import stringified
from tests.serving.in_process import World
from tests.serving.ways import Properties, Way, known

TIMEOUT = 120
"""Seconds after which a resource is not waited for: many, since only a failing one takes them."""
CHECK, SCALING = "Custom::SageMakerEndpointCheck", "Custom::SageMakerVariantScaling"
BEFORE_ALL = "Custom::SageMakerUpdateCheck"


class Deployed:
    """The models, the configuration and the endpoint of a stack, and its custom resources."""

    def __init__(self, way: Way, aws: World) -> None:
        self._way = way
        self._aws = aws
        self._models = ResourceType(aws.sagemaker, "Model", records.models)
        self._configs = ResourceType(aws.sagemaker, "EndpointConfig", records.endpoint_configs)
        self._endpoints = EndpointType(aws.sagemaker, "Endpoint", records.endpoints)
        self._made: dict[str, dict[str, str]] = {}
        self._endpoint: Properties = {}
        self._events = 0

    @property
    def name(self) -> str:
        """Of the endpoint."""
        name: str = self._endpoint["EndpointName"]
        return name

    def create(self) -> None:
        """Deploy it the first time."""
        self._aws.fakes.stack_status = "CREATE_IN_PROGRESS"
        self._ask(BEFORE_ALL, "Create")
        for logical_id in self._way.all_of("AWS::CloudWatch::Alarm"):
            self._made[logical_id] = {"Ref": f"{self._way.name}-{logical_id}"}
        self._make_config()
        self._scale("BeforeUpdate", "Create")
        key, properties = self._way.one_of("AWS::SageMaker::Endpoint")
        self._endpoint = known(properties, self._made)
        self._add(key, self._endpoints.create(key, self._endpoint, self._way.name))
        self._scale("AfterUpdate", "Create")
        self._ask(CHECK, "Create")

    def update(self) -> None:
        """Deploy a new model of each."""
        self._aws.fakes.stack_status = "UPDATE_IN_PROGRESS"
        self._ask(BEFORE_ALL, "Update")
        before, old = self._made.copy(), self._endpoint
        self._make_config()
        self._scale("BeforeUpdate", "Update")
        key, properties = self._way.one_of("AWS::SageMaker::Endpoint")
        self._endpoint = known(properties, self._made)
        self._endpoints.update(self._made[key]["Ref"], old, self._endpoint, self._way.name)
        self._scale("AfterUpdate", "Update")
        self._ask(CHECK, "Update")
        self._delete_config(before)

    def delete(self) -> None:
        """Delete all of it."""
        self._aws.fakes.stack_status = "DELETE_IN_PROGRESS"
        self._ask(CHECK, "Delete")
        self._scale("AfterUpdate", "Delete")
        key, properties = self._way.one_of("AWS::SageMaker::Endpoint")
        self._endpoints.delete(self._made[key]["Ref"], properties)
        self._scale("BeforeUpdate", "Delete")
        self._delete_config(self._made)

    def _make_config(self) -> None:
        for key, properties in self._way.all_of("AWS::SageMaker::Model").items():
            self._add(key, self._models.create(key, known(properties, self._made), self._way.name))
        key, properties = self._way.one_of("AWS::SageMaker::EndpointConfig")
        self._add(key, self._configs.create(key, known(properties, self._made), self._way.name))

    def _delete_config(self, made: dict[str, dict[str, str]]) -> None:
        for handler_of, kind in (
            (self._configs, "AWS::SageMaker::EndpointConfig"),
            (self._models, "AWS::SageMaker::Model"),
        ):
            for key, properties in self._way.all_of(kind).items():
                handler_of.delete(made[key]["Ref"], properties)

    def _add(self, logical_id: str, created: tuple[str, dict[str, Any]]) -> None:
        self._made[logical_id] = {"Ref": created[0], **created[1]}

    def _scale(self, phase: str, request_type: str) -> None:
        self._ask(SCALING, request_type, Phase=phase)

    def _ask(self, kind: str, request_type: str, **which: str) -> None:
        """Send a custom resource an event, and wait until it is complete."""
        logical_id, properties = self._way.one_of(kind, **which)
        self._events += 1
        event: Any = {
            "RequestType": request_type,
            "RequestId": f"{self._way.name}-{self._events}",
            "StackId": STACK_ID,
            "LogicalResourceId": logical_id,
            "ResourceType": kind,
            "ResourceProperties": stringified(known(properties, self._made)),
        }
        if request_type == "Update":
            event["OldResourceProperties"] = event["ResourceProperties"]
        event |= handler.on_event(event, None)
        deadline = time.monotonic() + TIMEOUT
        while not handler.is_complete(event, None)["IsComplete"]:
            assert time.monotonic() < deadline, event
            time.sleep(0.002)
