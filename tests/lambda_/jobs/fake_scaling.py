"""Application Auto Scaling and the alarms of CloudWatch in memory, as they answer and refuse."""

from typing import Any

from .fake_jobs import error, page

Request = dict[str, Any]


class FakeScaling:
    """`targets` by (resource id, dimension), each with what is its own; `alarms` by name."""

    def __init__(self) -> None:
        self.targets: dict[tuple[str, str], dict[str, Any]] = {}
        self.alarms: dict[str, Request] = {}

    def answers(self, operation: str) -> bool:
        """Whether the operation is one of these services."""
        return hasattr(self, f"_{operation}")

    def answer(self, operation: str, request: Request) -> Request:
        """Answer an operation, or raise ClientError as the service does."""
        answered: Request = getattr(self, f"_{operation}")(request)
        return answered

    def capacities(self) -> dict[str, tuple[int, int]]:
        """The limits of each target, by its resource id."""
        return {
            resource_id: (target["MinCapacity"], target["MaxCapacity"])
            for (resource_id, _), target in self.targets.items()
        }

    def _RegisterScalableTarget(self, request: Request) -> Request:  # noqa: N802
        empty: dict[str, Any] = {"policies": {}, "actions": {}}
        target = self.targets.setdefault(_key(request), empty)
        target.update({key: request[key] for key in ("MinCapacity", "MaxCapacity")})
        return {}

    def _DeregisterScalableTarget(self, request: Request) -> Request:  # noqa: N802
        self._target(request)
        del self.targets[_key(request)]
        return {}

    def _PutScalingPolicy(self, request: Request) -> Request:  # noqa: N802
        self._target(request)["policies"][request["PolicyName"]] = request
        return {"PolicyARN": f"arn:aws:autoscaling:…:{request['PolicyName']}"}

    def _DeleteScalingPolicy(self, request: Request) -> Request:  # noqa: N802
        return self._gone(self._target(request)["policies"], request["PolicyName"])

    def _DescribeScalingPolicies(self, request: Request) -> Request:  # noqa: N802
        found = self.targets.get(_key(request), {}).get("policies", {}).values()
        return page("ScalingPolicies", list(found), request)

    def _PutScheduledAction(self, request: Request) -> Request:  # noqa: N802
        self._target(request)["actions"][request["ScheduledActionName"]] = request
        return {}

    def _DeleteScheduledAction(self, request: Request) -> Request:  # noqa: N802
        return self._gone(self._target(request)["actions"], request["ScheduledActionName"])

    def _DescribeScheduledActions(self, request: Request) -> Request:  # noqa: N802
        found = self.targets.get(_key(request), {}).get("actions", {}).values()
        return page("ScheduledActions", list(found), request)

    def _PutMetricAlarm(self, request: Request) -> Request:  # noqa: N802
        self.alarms[request["AlarmName"]] = request
        return {}

    def _DescribeAlarms(self, request: Request) -> Request:  # noqa: N802
        prefix = request["AlarmNamePrefix"]
        found = [alarm for name, alarm in self.alarms.items() if name.startswith(prefix)]
        return page("MetricAlarms", found, request)

    def _DeleteAlarms(self, request: Request) -> Request:  # noqa: N802
        for name in request["AlarmNames"]:
            self.alarms.pop(name, None)
        return {}

    def _target(self, request: Request) -> dict[str, Any]:
        if _key(request) not in self.targets:
            raise error("ObjectNotFoundException", "No scalable target found for …")
        return self.targets[_key(request)]

    def _gone(self, named: dict[str, Any], name: str) -> Request:
        if named.pop(name, None) is None:
            raise error("ObjectNotFoundException", f"… name: {name}")
        return {}


def _key(request: Request) -> tuple[str, str]:
    assert request["ServiceNamespace"] == "sagemaker"
    return request["ResourceId"], request["ScalableDimension"]
