"""IAM, where it is enforced: SageMaker's actions, ARNs of logs and ECR, a loopback without TLS."""

import json
import re
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions

_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")

# The request member that names the resource an operation is authorized on, and the ARN's kind.
_RESOURCES = {
    "TrainingJob": ("TrainingJobName", "training-job"),
    "ProcessingJob": ("ProcessingJobName", "processing-job"),
    "TransformJob": ("TransformJobName", "transform-job"),
    "HyperParameterTuningJob": ("HyperParameterTuningJobName", "hyper-parameter-tuning-job"),
    "EndpointConfig": ("EndpointConfigName", "endpoint-config"),
    "Endpoint": ("EndpointName", "endpoint"),
    "Model": ("ModelName", "model"),
}


def apply() -> None:
    """Add what MiniStack's evaluator cannot know of a service that it does not have."""
    iam_actions.SERVICE_TO_IAM_NAMESPACE["sagemaker"] = "sagemaker"
    action_of = iam_actions.extract_iam_action
    resource_of = iam_actions.extract_resource_arn

    def extract_iam_action(service: str, method: str, path: str, *rest: Any) -> Any:
        if service == "sagemaker" and _INVOCATIONS.fullmatch(path):
            return "sagemaker:InvokeEndpoint"
        return action_of(service, method, path, *rest)

    def extract_resource_arn(service: str, method: str, path: str, *rest: Any) -> Any:
        headers, body, _query_params, region, account_id = rest
        if service == "sagemaker":
            resource = _resource(path, headers.get("x-amz-target", ""), body)
            return f"arn:aws:sagemaker:{region}:{account_id}:{resource}" if resource else "*"
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

    # Buckets with enforce_ssl deny all that comes without TLS. The endpoint speaks plain HTTP, on
    # the loopback only.
    pin_request_origin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, _secure: pin_request_origin(source_ip, True)


def _named_resource(target: str, body: bytes, region: str, account_id: str) -> str:
    """Return the ARN that a request names in a member that MiniStack does not look at, or `*`."""
    operation = target.rpartition(".")[2]
    if operation == "DescribeRepositories":
        names = json.loads(body).get("repositoryNames", [])
        if len(names) == 1:
            return f"arn:aws:ecr:{region}:{account_id}:repository/{names[0]}"
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
