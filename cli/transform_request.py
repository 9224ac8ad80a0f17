"""The request of one more batch transform job, by the settings of [transform]."""

from collections.abc import Mapping
from typing import Any

from workloads.schema import Transform


def transform_request(
    settings: Transform,
    *,
    name: str,
    model_name: str,
    s3_input: str,
    s3_output: str,
    kms_key: str,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """Return a request of CreateTransformJob, the same as a deploy's but for what it reads."""
    return {
        "TransformJobName": name,
        "ModelName": model_name,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": s3_input}},
            "ContentType": settings.content_type,
            "SplitType": settings.split_type,
        },
        "TransformOutput": {
            "S3OutputPath": s3_output,
            "AssembleWith": settings.assemble_with,
            "KmsKeyId": kms_key,
            **_given("Accept", settings.accept),
        },
        "TransformResources": {
            "InstanceType": settings.instance_type,
            "InstanceCount": settings.instance_count,
        },
        # a strategy is for records, of which there is none without a split
        **_given("BatchStrategy", settings.strategy if settings.split_type != "None" else None),
        "MaxPayloadInMB": settings.max_payload_mb,
        "MaxConcurrentTransforms": settings.max_concurrent,
        "ModelClientConfig": {
            "InvocationsTimeoutInSeconds": settings.invocation_timeout,
            "InvocationsMaxRetries": settings.max_retries,
        },
        "DataProcessing": {
            "JoinSource": "Input" if settings.join_input else "None",
            **_given("InputFilter", settings.input_filter),
            **_given("OutputFilter", settings.output_filter),
        },
        "Environment": dict(settings.environment),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def _given(member: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {member: value}
