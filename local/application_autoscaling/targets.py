"""Scalable targets: what is remembered of each, and the operations on them."""

import re
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id, get_region

from local.sagemaker.errors import SageMakerError, invalid, not_supported
from local.sagemaker.validation import now

Record = dict[str, Any]

LOCK = threading.RLock()
"""Held for every change: the scaler has a thread of its own."""
INSTANCES = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED_CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"
NAMES = ("ServiceNamespace", "ResourceId", "ScalableDimension")
"""The members by which every operation names a target."""

_RESOURCE_ID = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"


@dataclass
class Target:
    """A scalable target with its policies and scheduled actions, which are gone with it."""

    endpoint: str
    variant: str
    account: str
    region: str
    record: Record
    policies: dict[str, Record] = field(default_factory=dict)
    scheduled_actions: dict[str, Record] = field(default_factory=dict)
    last_out: float = 0.0
    """When it was scaled out, in seconds since 1970."""
    last_in: float = 0.0

    @property
    def of_instances(self) -> bool:
        """Whether instances are counted, and not provisioned concurrency."""
        return bool(self.record["ScalableDimension"] == INSTANCES)

    @property
    def names(self) -> Record:
        """The members that name it."""
        return {member: self.record[member] for member in NAMES}


_targets: dict[tuple[str, str, str, str], Target] = {}
_activities: list[tuple[str, str, Record]] = []


def every_target() -> list[Target]:
    """Return the targets of all accounts and regions."""
    with LOCK:
        return list(_targets.values())


def reset() -> None:
    """Forget everything."""
    with LOCK:
        _targets.clear()
        _activities.clear()


def register(request: Record) -> Record:
    """RegisterScalableTarget: makes a target, or changes its limits and no more.

    Raises SageMakerError. Whether there is such a variant, the service has asked before.
    """
    endpoint, variant = endpoint_and_variant(request)
    for member in ("SuspendedState", "Tags"):
        if request.get(member):
            raise not_supported(f"RegisterScalableTarget's {member}")
    with LOCK:
        target = _targets.get(_key(request))
        known = target.record if target else {}
        limits = {
            member: request.get(member, known.get(member))
            for member in ("MinCapacity", "MaxCapacity")
        }
        if None in limits.values():
            raise invalid("MinCapacity and MaxCapacity are required for a new scalable target")
        assert_ordered(limits)
        if target is None:
            arn = f"{_arn('application-autoscaling')}:scalable-target/{uuid.uuid4().hex}"
            record = {
                **{member: request[member] for member in NAMES},
                "RoleARN": f"arn:aws:iam::{get_account_id()}:role/aws-service-role/"
                f"{_SERVICE}/{_ROLE}",
                "CreationTime": now(),
                "ScalableTargetARN": arn,
            }
            target = Target(endpoint, variant, get_account_id(), get_region(), record)
            _targets[_key(request)] = target
        target.record.update(limits)
        return {"ScalableTargetARN": target.record["ScalableTargetARN"]}


def deregister(request: Record) -> Record:
    """DeregisterScalableTarget, with its policies and scheduled actions."""
    with LOCK:
        find(request)
        del _targets[_key(request)]
    return {}


def describe(request: Record) -> Record:
    """DescribeScalableTargets, all at once."""
    found = [target.record for target in _own()]
    if ids := request.get("ResourceIds"):
        found = [record for record in found if record["ResourceId"] in ids]
    return {"ScalableTargets": with_dimension(found, request)}


def describe_activities(request: Record) -> Record:
    """DescribeScalingActivities, the newest first, also of a target that is gone."""
    scope = get_account_id(), get_region()
    with LOCK:
        found = [activity for *of, activity in reversed(_activities) if tuple(of) == scope]
    if resource_id := request.get("ResourceId"):
        found = [activity for activity in found if activity["ResourceId"] == resource_id]
    return {"ScalingActivities": with_dimension(found, request)}


def record_activity(target: Target, capacity: int, cause: str) -> None:
    """Keep what was done to a target."""
    what = "desired instance count" if target.of_instances else "desired provisioned concurrency"
    activity = {
        "ActivityId": str(uuid.uuid4()),
        **target.names,
        "Description": f"Setting {what} to {capacity}.",
        "Cause": cause,
        "StartTime": now(),
        "EndTime": now(),
        "StatusCode": "Successful",
        "StatusMessage": f"Successfully set {what} to {capacity}. Change successfully fulfilled by "
        "sagemaker.",
    }
    with LOCK:
        _activities.append((target.account, target.region, activity))


def find(request: Record) -> Target:
    """Return the target that a request names. Raises SageMakerError."""
    target = _targets.get(_key(request))
    if target is None:
        raise not_found("scalable target", request)
    return target


def of_request(request: Record) -> list[Target]:
    """Return the targets that a Describe request means: of one resource, or all."""
    resource_id = request.get("ResourceId")
    return [each for each in _own() if resource_id in (None, each.record["ResourceId"])]


def of_endpoint(endpoint: str) -> list[Target]:
    """Return the targets of an endpoint of the current account and region."""
    return [target for target in _own() if target.endpoint == endpoint]


def forget_endpoint(endpoint: str) -> None:
    """Deregister all of an endpoint that is deleted.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-delete-with-scaling.html
    """
    with LOCK:
        for target in of_endpoint(endpoint):
            del _targets[_key(target.record)]


def assert_instances_may_change(
    endpoint: str, running: Iterable[Record], wanted: Iterable[Record]
) -> None:
    """Raise SageMakerError where an update changes, or drops, a variant that is a target.

    Both are production variants of endpoint configurations.
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    """
    targets = {target.variant for target in of_endpoint(endpoint)}
    after = {variant["VariantName"]: variant.get("InstanceType") for variant in wanted}
    changed = [
        variant["VariantName"]
        for variant in running
        if variant["VariantName"] in targets
        and (variant["VariantName"], variant.get("InstanceType")) not in after.items()
    ]
    if changed:
        raise invalid(
            f'The variant(s) "[{", ".join(changed)}]" must be deregistered as scalable targets with'
            " AWS Auto Scaling before they can be removed or have their instance type updated."
        )


def endpoint_and_variant(request: Record) -> tuple[str, str]:
    """Return what a request's ResourceId names. Raises SageMakerError."""
    found = _RESOURCE_ID.fullmatch(request["ResourceId"])
    supported = request["ScalableDimension"] in (INSTANCES, PROVISIONED_CONCURRENCY)
    if request["ServiceNamespace"] != "sagemaker" or not found or not supported:
        raise invalid("Unsupported service namespace, resource type or scalable dimension")
    return found[1], found[2]


def assert_ordered(limits: Record) -> None:
    """Raise SageMakerError unless the capacity can be within the limits."""
    low, high = limits.get("MinCapacity"), limits.get("MaxCapacity")
    if low is not None and high is not None and low > high:
        raise invalid("Maximum capacity cannot be less than minimum capacity")


def with_dimension(found: list[Record], request: Record) -> list[Record]:
    """Return those of the dimension that a Describe request names, if it names one."""
    dimension = request.get("ScalableDimension")
    return [record for record in found if dimension in (None, record["ScalableDimension"])]


def not_found(kind: str, request: Record, more: str = "") -> SageMakerError:
    """Return the error of a target, policy or scheduled action that is not there."""
    return SageMakerError(
        "ObjectNotFoundException",
        f"No {kind} found for service namespace: {request['ServiceNamespace']}, resource ID: "
        f"{request['ResourceId']}, scalable dimension: {request['ScalableDimension']}{more}",
    )


def _own() -> list[Target]:
    scope = get_account_id(), get_region()
    return [target for target in every_target() if (target.account, target.region) == scope]


def _key(request: Record) -> tuple[str, str, str, str]:
    return get_account_id(), get_region(), request["ResourceId"], request["ScalableDimension"]


def _arn(service: str) -> str:
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}"
