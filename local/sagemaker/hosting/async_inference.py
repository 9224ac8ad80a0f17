"""AsyncInferenceConfig: an endpoint whose requests and answers are objects of S3.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
"""

from typing import TYPE_CHECKING

from local.sagemaker import s3_data
from local.sagemaker.errors import invalid, not_supported
from local.sagemaker.records import Record

if TYPE_CHECKING:  # whose configurations are checked here
    from local.sagemaker.hosting.variants import Variant

DEFAULT_CONCURRENCY = 4
"""MaxConcurrentInvocationsPerInstance where none is given: AWS finds "an optimal value" itself."""


def validate(request: Record) -> None:
    """Raise SageMakerError for a CreateEndpointConfig that cannot be asked asynchronously."""
    config = request.get("AsyncInferenceConfig")
    if not config:
        return
    if any(variant.get("ServerlessConfig") for variant in request["ProductionVariants"]):
        raise invalid("AsyncInferenceConfig is not supported with a variant's ServerlessConfig")
    if request.get("ShadowProductionVariants"):
        raise invalid("AsyncInferenceConfig is not supported with ShadowProductionVariants")
    if len(request["ProductionVariants"]) > 1:
        raise not_supported("AsyncInferenceConfig with several production variants")
    output = config["OutputConfig"]
    if "S3OutputPath" not in output:
        raise not_supported("an OutputConfig without S3OutputPath")
    if output.get("NotificationConfig", {}).get("IncludeInferenceResponseIn"):
        raise not_supported("IncludeInferenceResponseIn of a NotificationConfig")
    for member in ("S3OutputPath", "S3FailurePath"):
        if member in output:
            s3_data.split(output[member])


def described(config: Record) -> Record:
    """Return DescribeEndpoint's AsyncInferenceConfig of an endpoint configuration that has one."""
    member = "AsyncInferenceConfig"
    return {member: config[member]} if config.get(member) else {}


def is_asynchronous(variant: "Variant") -> bool:
    """Whether a variant answers InvokeEndpointAsync, and not InvokeEndpoint."""
    return bool(variant.config.get("AsyncInferenceConfig"))


def capacity(variant: "Variant") -> int:
    """Return how many requests a variant answers at the same time, all instances together."""
    client = variant.config.get("AsyncInferenceConfig", {}).get("ClientConfig", {})
    concurrency: int = client.get("MaxConcurrentInvocationsPerInstance", DEFAULT_CONCURRENCY)
    return variant.current_instances * concurrency
