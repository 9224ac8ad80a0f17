"""The operations of processing jobs."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import PurePosixPath

from local.runners import Runner
from local.sagemaker import network, s3_data, volume_keys
from local.sagemaker.errors import SageMakerError, invalid, not_supported
from local.sagemaker.jobs import Jobs
from local.sagemaker.processing.job import FOLDER, KIND, ProcessingJob, outputs_of
from local.sagemaker.records import Record
from local.sagemaker.roles import RoleSession
from local.sagemaker.validation import now

DEFAULT_MAX_RUNTIME = 86_400
"""One day, StoppingCondition's default on AWS."""


class Processing(Jobs):
    """CreateProcessingJob and its relatives; each job runs on a thread of its own."""

    def __init__(self, runner: Callable[[], Runner]) -> None:
        super().__init__(KIND)
        self._runner = runner

    def create(self, request: Record) -> Record:
        """CreateProcessingJob."""
        name = request["ProcessingJobName"]
        _assert_supported(request)
        role = RoleSession(request["RoleArn"], name)
        for given in request.get("ProcessingInputs", []):
            s3_data.objects_of(given["S3Input"], role.client("s3"), request["RoleArn"])
        cluster = request["ProcessingResources"]["ClusterConfig"]
        volume_keys.assert_granted(cluster.get("VolumeKmsKeyId"), role, request["RoleArn"])
        job_arn = self.arn(name)
        vpc = request.get("NetworkConfig", {}).get("VpcConfig")
        interfaces = network.attach(vpc, role, job_arn)
        job = ProcessingJob(_new_record(request, job_arn), role, self._runner())
        self.add(job, request.get("Tags", []), interfaces=interfaces)
        return {"ProcessingJobArn": job_arn}

    def list(self, request: Record) -> Record:
        """ListProcessingJobs."""
        return self.summaries(request, ["ExitMessage"])

    def missing(self, name: str) -> SageMakerError:
        """See Jobs.missing."""
        return invalid(f"Could not find requested job with name: {name}")


def _assert_supported(request: Record) -> None:
    cluster: Record = request["ProcessingResources"]["ClusterConfig"]
    if "InstancePreferences" in cluster:
        raise not_supported("ClusterConfig.InstancePreferences; use InstanceType")
    for member in ("InstanceType", "InstanceCount"):
        if member not in cluster:
            raise invalid(f"ClusterConfig needs {member}")
    volume_keys.assert_taken(cluster.get("VolumeKmsKeyId"), [cluster["InstanceType"]])
    inputs = request.get("ProcessingInputs", [])
    _assert_unique("InputName", (given["InputName"] for given in inputs))
    for given in inputs:
        _assert_input(given)
    outputs = outputs_of(request)
    _assert_unique("OutputName", (given["OutputName"] for given in outputs))
    for given in outputs:
        _assert_output(given)
    paths = [given["S3Input"]["LocalPath"] for given in inputs]
    paths += [given["S3Output"]["LocalPath"] for given in outputs]
    for outer, inner in pairwise(sorted(map(PurePosixPath, paths))):
        if inner.is_relative_to(outer):
            raise invalid(f"The LocalPath {inner} is, or is below, another LocalPath: {outer}")


def _assert_input(given: Record) -> None:
    source: Record | None = given.get("S3Input")
    if source is None or given.get("AppManaged"):
        raise not_supported("processing inputs other than S3Input")
    if source.get("S3InputMode", "File") != "File":
        raise not_supported(f"S3InputMode {source['S3InputMode']}; use File")
    if source.get("S3CompressionType", "None") != "None":
        raise invalid("S3CompressionType Gzip is for S3InputMode Pipe only")
    _assert_below(source, f"input {given['InputName']}")


def _assert_output(given: Record) -> None:
    target: Record | None = given.get("S3Output")
    if target is None or given.get("AppManaged"):
        raise not_supported("processing outputs other than S3Output")
    if target["S3UploadMode"] != "EndOfJob":
        raise not_supported(f"S3UploadMode {target['S3UploadMode']}; use EndOfJob")
    s3_data.split(target["S3Uri"])
    _assert_below(target, f"output {given['OutputName']}")


def _assert_below(place: Record, what: str) -> None:
    path = PurePosixPath(place.get("LocalPath", ""))
    if not path.is_relative_to(FOLDER) or ".." in path.parts:
        raise invalid(f"LocalPath of {what} must be below {FOLDER}; it is {path}")


def _assert_unique(what: str, names: Iterable[str]) -> None:
    given = list(names)
    if len(set(given)) < len(given):
        raise invalid(f"Each {what} of a processing job must be unique; they are {given}")


def _new_record(request: Record, job_arn: str) -> Record:
    time = now()
    return {
        "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME},
        **{name: value for name, value in request.items() if name != "Tags"},
        "ProcessingJobArn": job_arn,
        "ProcessingJobStatus": "InProgress",
        "CreationTime": time,
        "LastModifiedTime": time,
    }
