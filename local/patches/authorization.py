"""IAM, where it is enforced: SageMaker's actions, ARNs of logs and ECR, a loopback without TLS.

And EC2's actions: on each resource that they name, with its tags.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, tagging

from local.sagemaker import records

_SCALING = "application-autoscaling"
_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/(async-)?invocations")

# The request member that names the resource an operation is authorized on, and the ARN's kind.
_RESOURCES = {
    "TrainingJob": ("TrainingJobName", "training-job"),
    "ProcessingJob": ("ProcessingJobName", "processing-job"),
    "TransformJob": ("TransformJobName", "transform-job"),
    "HyperParameterTuningJob": ("HyperParameterTuningJobName", "hyper-parameter-tuning-job"),
    "NotebookInstanceLifecycleConfig": (
        "NotebookInstanceLifecycleConfigName",
        "notebook-instance-lifecycle-config",
    ),
    "NotebookInstance": ("NotebookInstanceName", "notebook-instance"),
    "NotebookInstanceUrl": ("NotebookInstanceName", "notebook-instance"),
    "EndpointConfig": ("EndpointConfigName", "endpoint-config"),
    "Endpoint": ("EndpointName", "endpoint"),
    "Model": ("ModelName", "model"),
}
_EC2_ACTIONS = (
    *("AttachVolume", "DetachVolume"),
    *("RebootInstances", "StartInstances", "StopInstances", "TerminateInstances"),
)
"""Those that are authorized on every instance and volume that they name."""


def apply() -> None:
    """Add what MiniStack's evaluator cannot know of a service that it does not have."""
    _know_resources()
    _check_each_of_ec2s()
    _know_tags()

    # Buckets with enforce_ssl deny all that comes without TLS. The endpoint speaks plain HTTP, on
    # the loopback only.
    pin_request_origin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, _secure: pin_request_origin(source_ip, True)


def _know_resources() -> None:
    for service in ("sagemaker", _SCALING):
        iam_actions.SERVICE_TO_IAM_NAMESPACE[service] = service
    action_of = iam_actions.extract_iam_action
    resource_of = iam_actions.extract_resource_arn

    def extract_iam_action(service: str, method: str, path: str, *rest: Any) -> Any:
        if service == "sagemaker" and (invocation := _INVOCATIONS.fullmatch(path)):
            return f"sagemaker:InvokeEndpoint{'Async' if invocation[2] else ''}"
        return action_of(service, method, path, *rest)

    def extract_resource_arn(service: str, method: str, path: str, *rest: Any) -> Any:
        headers, body, query_params, region, account_id = rest
        if service == "sagemaker":
            resource = _resource(path, headers.get("x-amz-target", ""), body)
            return f"arn:aws:sagemaker:{region}:{account_id}:{resource}" if resource else "*"
        # EC2's Describe actions have no resource (its service authorization reference); MiniStack
        # would let a policy for one instance allow DescribeInstances of it.
        if service == "ec2" and ec2._p(query_params, "Action").startswith("Describe"):
            return "*"
        arn = resource_of(service, method, path, *rest)
        if arn == "*":
            return _named_resource(headers.get("x-amz-target", ""), body, region, account_id)
        # MiniStack takes every repository for one of the caller's own account.
        if service == "ecr" and (registry := json.loads(body).get("registryId")):
            return arn.replace(f":{account_id}:", f":{registry}:", 1)
        # AWS checks `…:log-group:<name>:log-stream:<name or nothing>`, which is why policies say
        # `…:log-group:<name>:*`. MiniStack leaves the stream out.
        if service == "logs" and ":log-group:" in arn and ":log-stream:" not in arn:
            stream = json.loads(body).get("logStreamName", "")
            return f"{arn.removesuffix(':*')}:log-stream:{stream}"
        return arn

    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn


def _check_each_of_ec2s() -> None:
    more_resources = iam_actions.verified_access_resource_arns

    # MiniStack checks EC2's actions on the first resource that they name only: AttachVolume on the
    # instance, whatever the volume. This function has it check more, after the first.
    def resource_arns(params: dict[str, Any], region: str, account_id: str) -> Any:
        if ec2._p(params, "Action") not in _EC2_ACTIONS:
            return more_resources(params, region, account_id)
        named = ec2._parse_member_list(params, "InstanceId")
        instances = [*named, ec2._p(params, "InstanceId")]
        kinds = {"instance": instances, "volume": [ec2._p(params, "VolumeId")]}
        return [
            f"arn:aws:ec2:{region}:{account_id}:{kind}/{name}"
            for kind, names in kinds.items()
            for name in names
            if name
        ]

    iam_actions.verified_access_resource_arns = resource_arns


def _know_tags() -> None:
    enforce = iam_evaluator.enforce

    # EC2 has the same tags under a key of its own as well.
    def enforce_with_tags(
        access_key: str, action: str, service: str, region: str, **options: Any
    ) -> Any:
        if service == "ec2":
            tags = tagging.resource_tags(options.get("resource_arn", "*")) or {}
            named = {f"ec2:ResourceTag/{key}": value for key, value in tags.items()}
            options["service_context"] = {**(options.get("service_context") or {}), **named}
        if service == _SCALING:  # the only namespace that there is here
            options["service_context"] = {f"{_SCALING}:service-namespace": "sagemaker"}
        return enforce(access_key, action, service, region, **options)

    iam_evaluator.enforce = enforce_with_tags
    # MiniStack looks there for aws:ResourceTag, and has entries for some services.
    tagging._RESOURCE_TAG_COLLECTORS["ec2"] = _tags_of_ec2
    tagging._RESOURCE_TAG_COLLECTORS["sagemaker"] = _tags_of_sagemaker


def _tags_of_ec2() -> Iterator[tuple[str, list[dict[str, str]]]]:
    for name, tags in ec2._tags.items():
        kind = ec2._guess_resource_type(name)
        yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{name}", tags


def _tags_of_sagemaker() -> Iterator[tuple[str, list[dict[str, str]]]]:
    for arn, tags in records.tags.items():
        yield arn, [{"Key": key, "Value": value} for key, value in tags.items()]


def _named_resource(target: str, body: bytes, region: str, account_id: str) -> str:
    """Return the ARN that a request names in a member that MiniStack does not look at, or `*`."""
    prefix, _, operation = target.rpartition(".")
    if operation == "DescribeRepositories":
        names = json.loads(body).get("repositoryNames", [])
        if len(names) == 1:
            return f"arn:aws:ecr:{region}:{account_id}:repository/{names[0]}"
    elif operation in ("DeleteAlarms", "DescribeAlarms"):
        if names := json.loads(body).get("AlarmNames"):
            return f"arn:aws:cloudwatch:{region}:{account_id}:alarm:{names[0]}"
    elif prefix == "AnyScaleFrontendService" and not operation.startswith("Describe"):
        # an ARN ends in an id that AWS makes up; the Describe actions have no resource
        return f"arn:aws:{_SCALING}:{region}:{account_id}:scalable-target/id"
    elif operation == "GetParametersByPath":
        path = json.loads(body)["Path"]
        return f"arn:aws:ssm:{region}:{account_id}:parameter/{path.removeprefix('/')}"
    return "*"


def _resource(path: str, target: str, body: bytes) -> str:
    """Return `kind/name` of the resource of a request, empty for an action on no one resource."""
    if invocation := _INVOCATIONS.fullmatch(path):
        return f"endpoint/{unquote(invocation[1]).lower()}"
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return ""
    if "ResourceArn" in request:
        return str(request["ResourceArn"]).partition(":sagemaker:")[2].split(":", 2)[-1]
    for suffix, (member, kind) in _RESOURCES.items():
        if target.endswith(suffix) and member in request:
            return f"{kind}/{request[member].lower()}"
    return ""
