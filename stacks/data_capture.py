"""Requests and answers that an endpoint keeps in the app's bucket, encrypted with its key."""

from aws_cdk import aws_sagemaker as sagemaker

from stacks.job_role import JobRole
from stacks.workload_parts import WorkloadParts
from workloads.schema import DataCapture

FOLDER = "capture"


def data_capture_config(
    parts: WorkloadParts, settings: DataCapture
) -> sagemaker.CfnEndpointConfig.DataCaptureConfigProperty:
    """Say what is kept: below capture/<endpoint>/<variant>/, in a file of JSON lines."""
    return sagemaker.CfnEndpointConfig.DataCaptureConfigProperty(
        enable_capture=True,
        initial_sampling_percentage=settings.sampling_percentage,
        capture_options=[
            sagemaker.CfnEndpointConfig.CaptureOptionProperty(capture_mode=mode)
            for mode in settings.capture
        ],
        destination_s3_uri=capture_uri(parts),
        kms_key_id=parts.storage.key.key_arn,
        # what is in neither of the lists is kept as Base64
        capture_content_type_header=sagemaker.CfnEndpointConfig.CaptureContentTypeHeaderProperty(
            csv_content_types=["text/csv"], json_content_types=["application/json"]
        ),
    )


def capture_uri(parts: WorkloadParts) -> str:
    """Return the S3 URI below which it is kept."""
    return parts.uri(FOLDER)


def allow_capturing(role: JobRole, parts: WorkloadParts) -> None:
    """Allow the role of a model to keep its requests and answers, and to read none of them."""
    role.write(parts.storage, parts.folder(FOLDER))
