"""A variant's scalable target of Application Auto Scaling, with all that belongs to it.

Its policies, and the alarms of its step policies, are called <endpoint>/<variant>/<name>, and its
scheduled actions <endpoint>-<variant>-<number>, as their names have no slash. What is called so is
ours, and goes when it is no longer asked for; what somebody else has added stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from jobs.clients import Clients
from jobs.coerce import coerce

_INSTANCES = "sagemaker:variant:DesiredInstanceCount"
_PROVISIONED_CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"


@dataclass(frozen=True)
class ScalableVariant:
    """One of the property Variants; its requests are the API's, without what names the target."""

    endpoint: str
    name: str
    instance_type: str | None
    """None of a serverless one."""
    capacity: Mapping[str, Any]
    policies: Sequence[Mapping[str, Any]]
    scheduled_actions: Sequence[Mapping[str, Any]]

    @classmethod
    def all_of(cls, properties: Mapping[str, Any]) -> "list[ScalableVariant]":
        """Read every variant of ResourceProperties; none of those that there never were."""
        return [
            cls(
                endpoint=properties["EndpointName"],
                name=variant["VariantName"],
                instance_type=variant.get("InstanceType"),
                capacity=variant["ScalableTarget"],
                policies=variant.get("ScalingPolicies", ()),
                scheduled_actions=variant.get("ScheduledActions", ()),
            )
            for variant in properties.get("Variants", ())
        ]

    @property
    def target(self) -> dict[str, str]:
        """What names the scalable target in every request."""
        return {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{self.endpoint}/variant/{self.name}",
            "ScalableDimension": (
                _PROVISIONED_CONCURRENCY if self.instance_type is None else _INSTANCES
            ),
        }

    @property
    def runs(self) -> tuple[str, str | None]:
        """What SageMaker refuses to change while the target is registered."""
        return self.name, self.instance_type

    def scale(self, clients: Clients) -> None:
        """Register the target, and give it what is asked for and no more of ours.

        Doing it again changes nothing. What is new comes before what is old goes, so that the
        variant is never without a policy.
        """
        _call(clients.scaling, "RegisterScalableTarget", {**self.target, **self.capacity})
        self._put_policies(clients)
        self._put_scheduled_actions(clients)

    def _put_policies(self, clients: Clients) -> None:
        policies = {self._policy_name(policy["Name"]): policy for policy in self.policies}
        for name, policy in policies.items():
            configuration = {key: policy[key] for key in policy if key not in ("Name", "Alarm")}
            request = {"PolicyName": name, **self.target, **configuration}
            arn = _call(clients.scaling, "PutScalingPolicy", request)["PolicyARN"]
            if "Alarm" in policy:
                alarm = {"AlarmName": name, **policy["Alarm"], "AlarmActions": [arn]}
                _call(clients.cloudwatch, "PutMetricAlarm", alarm)
        for name in self._found("describe_scaling_policies", "PolicyName", clients):
            if name.startswith(self._policy_name("")) and name not in policies:
                _gone(clients.scaling, "DeleteScalingPolicy", {"PolicyName": name, **self.target})
        with_alarm = {name for name, policy in policies.items() if "Alarm" in policy}
        self._delete_alarms(clients, keep=with_alarm)

    def _put_scheduled_actions(self, clients: Clients) -> None:
        prefix = f"{self.endpoint}-{self.name}-"
        actions = {
            f"{prefix}{number}": action
            for number, action in enumerate(self.scheduled_actions, start=1)
        }
        for name, action in actions.items():
            request = {"ScheduledActionName": name, **self.target, **action}
            _call(clients.scaling, "PutScheduledAction", request)
        for name in self._found("describe_scheduled_actions", "ScheduledActionName", clients):
            if name.startswith(prefix) and name not in actions:
                request = {"ScheduledActionName": name, **self.target}
                _gone(clients.scaling, "DeleteScheduledAction", request)

    def release(self, clients: Clients) -> None:
        """Deregister the target, with which its policies and scheduled actions go; then alarms."""
        _gone(clients.scaling, "DeregisterScalableTarget", self.target)
        self._delete_alarms(clients, keep=set())

    def _policy_name(self, name: str) -> str:
        return f"{self.endpoint}/{self.name}/{name}"

    def _found(self, operation: str, member: str, clients: Clients) -> list[str]:
        """List all names before any is deleted, after which the next page would begin too late."""
        paginator = clients.scaling.get_paginator(operation)
        (listed,) = paginator.result_keys
        pages = paginator.paginate(**self.target)
        return [each[member] for page in pages for each in page[listed.expression]]

    def _delete_alarms(self, clients: Clients, keep: set[str]) -> None:
        pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=self._policy_name(""), AlarmTypes=["MetricAlarm"]
        )
        found = {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}
        if others := sorted(found - keep):
            clients.cloudwatch.delete_alarms(AlarmNames=others)


def _call(client: Any, operation: str, request: Mapping[str, Any]) -> Any:
    """Send a request of strings in the operation's types. Raises CoercionError."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    return getattr(client, xform_name(operation))(**coerce(request, shape))


def _gone(client: Any, operation: str, request: Mapping[str, Any]) -> None:
    """Delete what may be gone already: the event came twice, or somebody was faster."""
    try:
        _call(client, operation, request)
    except ClientError as error:
        if error.response["Error"].get("Code") != "ObjectNotFoundException":
            raise
