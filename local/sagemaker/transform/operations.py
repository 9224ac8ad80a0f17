"""The operations of transform jobs."""

from collections.abc import Callable

from local.runners import Runner
from local.sagemaker import network, s3_data, volume_keys
from local.sagemaker.errors import SageMakerError, invalid, not_supported
from local.sagemaker.hosting.configuration import find_model
from local.sagemaker.jobs import Jobs
from local.sagemaker.records import Record
from local.sagemaker.roles import RoleSession
from local.sagemaker.transform.job import KIND, TransformJob
from local.sagemaker.transform.join import data_processing
from local.sagemaker.validation import now

DEFAULT_PAYLOAD_MB = 6
MAX_MB = 100
"""MaxPayloadInMB, and its product with MaxConcurrentTransforms, at most."""


class Transform(Jobs):
    """CreateTransformJob and its relatives, but no delete: SageMaker has none of it."""

    def __init__(self, runner: Callable[[], Runner]) -> None:
        super().__init__(KIND)
        self._runner = runner

    def create(self, request: Record) -> Record:
        """CreateTransformJob. It works with the role of the model."""
        name = request["TransformJobName"]
        model = find_model(request["ModelName"])
        job_arn = self.arn(name)
        record = _new_record(request, job_arn)
        _assert_supported(record)
        processing = data_processing(record)
        role = RoleSession(model["ExecutionRoleArn"], name)
        source = record["TransformInput"]["DataSource"]["S3DataSource"]
        s3_data.objects_of(source, role.client("s3"), model["ExecutionRoleArn"])
        key = record["TransformResources"].get("VolumeKmsKeyId")
        volume_keys.assert_granted(key, role, model["ExecutionRoleArn"])
        interfaces = network.attach(model.get("VpcConfig"), role, job_arn)
        job = TransformJob(record, dict(model), processing, role, self._runner())
        self.add(job, request.get("Tags", []), interfaces=interfaces)
        return {"TransformJobArn": job_arn}

    def list(self, request: Record) -> Record:
        """ListTransformJobs."""
        return self.summaries(request, [])

    def missing(self, name: str) -> SageMakerError:
        """See Jobs.missing."""
        return invalid(f"Could not find requested job with name: {name}")


def _assert_supported(record: Record) -> None:
    if record.get("DataCaptureConfig"):
        raise not_supported("CreateTransformJob's DataCaptureConfig")
    if "TransformAmiVersion" in record["TransformResources"]:
        raise not_supported("TransformResources.TransformAmiVersion")
    resources = record["TransformResources"]
    volume_keys.assert_taken(resources.get("VolumeKmsKeyId"), [resources["InstanceType"]])
    source = record["TransformInput"]
    data_type = source["DataSource"]["S3DataSource"]["S3DataType"]
    if data_type not in ("S3Prefix", "ManifestFile"):
        raise not_supported(f"S3DataType {data_type} for a transform job")
    if source["SplitType"] not in ("None", "Line"):
        raise not_supported(f"SplitType {source['SplitType']}; use None or Line")
    if record["MaxPayloadInMB"] == 0:
        raise not_supported("MaxPayloadInMB 0, payloads in chunked requests")
    if record["MaxPayloadInMB"] * record["MaxConcurrentTransforms"] > MAX_MB:
        raise invalid(
            f"MaxPayloadInMB must not exceed {MAX_MB}, nor must MaxConcurrentTransforms * "
            f"MaxPayloadInMB; they are {record['MaxConcurrentTransforms']} and "
            f"{record['MaxPayloadInMB']}"
        )
    s3_data.split(record["TransformOutput"]["S3OutputPath"])


def _new_record(request: Record, job_arn: str) -> Record:
    time = now()
    return {
        **{name: value for name, value in request.items() if name != "Tags"},
        "BatchStrategy": request.get("BatchStrategy", "MultiRecord"),
        "MaxPayloadInMB": request.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB),
        # 0 is as if it were left out; SageMaker would then ask the container's own
        # /execution-parameters first.
        "MaxConcurrentTransforms": request.get("MaxConcurrentTransforms") or 1,
        "TransformInput": {
            "CompressionType": "None",
            "SplitType": "None",
            **request["TransformInput"],
        },
        "TransformOutput": {"AssembleWith": "None", **request["TransformOutput"]},
        "DataProcessing": {
            "InputFilter": "$",
            "OutputFilter": "$",
            "JoinSource": "None",
            **request.get("DataProcessing", {}),
        },
        "TransformJobArn": job_arn,
        "TransformJobStatus": "InProgress",
        "CreationTime": time,
        "LastModifiedTime": time,
    }
