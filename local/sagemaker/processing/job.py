"""One processing job: its inputs from S3, its program, its outputs to S3."""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from local.runners import Container, Runner
from local.sagemaker import s3_data
from local.sagemaker.job import ContainerJob, Ending, JobFailed, Kind
from local.sagemaker.records import Record, processing_jobs
from local.sagemaker.roles import RoleSession
from local.sagemaker.validation import now

KIND = Kind("ProcessingJob", processing_jobs, "/aws/sagemaker/ProcessingJobs")
FOLDER = PurePosixPath("/opt/ml/processing")
"""Where SageMaker has inputs and outputs in a container."""
MAX_EXIT_MESSAGE = 1024
"""Characters of /opt/ml/output/message that DescribeProcessingJob shows."""

_DESCRIBED = (
    "ProcessingJobArn",
    "ProcessingJobName",
    "AppSpecification",
    "Environment",
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "NetworkConfig",
    "RoleArn",
    "StoppingCondition",
)
"""The members of the record that /opt/ml/config/processingjobconfig.json has."""


class ProcessingJob(ContainerJob):
    """Runs the job that `record` describes, and keeps the record current."""

    def __init__(self, record: Record, role: RoleSession, runner: Runner) -> None:
        super().__init__(KIND, record, role, runner)

    def work(self) -> Ending:
        """See Job.work."""
        count = self.record["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        hosts = [f"algo-{number}" for number in range(1, count + 1)]
        application = self.record["AppSpecification"]
        isolated = self.record.get("NetworkConfig", {}).get("EnableNetworkIsolation", False)
        with self.containers(
            hosts,
            application["ImageUri"],
            application.get("ContainerArguments", []),
            self.record.get("Environment", {}),
            entrypoint=application.get("ContainerEntrypoint", []),
            isolated=isolated,
        ) as containers:
            return self._process_in(containers, hosts)

    def _process_in(self, containers: Sequence[Container], hosts: Sequence[str]) -> Ending:
        s3 = self.role.client("s3")
        for number, container in enumerate(containers):
            self._download_inputs(container.base_dir, s3, number, len(containers))
            _write_config(container.base_dir, self.record, hosts[number], hosts)
        self.update({"ProcessingStartTime": now()})
        deadline = now() + self.record["StoppingCondition"]["MaxRuntimeInSeconds"]
        try:
            ending = self.run(containers, deadline)
        finally:
            if message := _exit_message(containers):
                self.update({"ExitMessage": message})
        if ending != "Completed":
            return Ending("Stopped")
        for container in containers:
            self._upload_outputs(container.base_dir, s3)
        return Ending()

    def _download_inputs(self, base_dir: Path, s3: Any, number: int, count: int) -> None:
        for given in self.record.get("ProcessingInputs", []):
            source = {"S3DataType": "S3Prefix", **given["S3Input"]}
            objects = s3_data.objects_of(source, s3, self.record["RoleArn"])
            if source.get("S3DataDistributionType") == "ShardedByS3Key":
                objects = objects.shard(number, count)
            objects.download(s3, _on_this_machine(base_dir, source["LocalPath"]))

    def _upload_outputs(self, base_dir: Path, s3: Any) -> None:
        key_id = self.record.get("ProcessingOutputConfig", {}).get("KmsKeyId")
        for given in outputs_of(self.record):
            target = given["S3Output"]
            bucket, prefix = s3_data.split(target["S3Uri"])
            folder = _on_this_machine(base_dir, target["LocalPath"])
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    name = path.relative_to(folder).as_posix()
                    key = f"{prefix.rstrip('/')}/{name}".lstrip("/")
                    s3.upload_file(str(path), bucket, key, ExtraArgs=s3_data.encryption(key_id))


def outputs_of(record: Record) -> list[Record]:
    """Return the outputs of a processing job."""
    outputs: list[Record] = record.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return outputs


def _write_config(base_dir: Path, record: Record, host: str, hosts: Sequence[str]) -> None:
    """Fill a container's /opt/ml as SageMaker does, but for the inputs."""
    for given in outputs_of(record):
        _on_this_machine(base_dir, given["S3Output"]["LocalPath"]).mkdir(parents=True)
    for folder in ("config", "output"):
        (base_dir / folder).mkdir()
    described = {name: record[name] for name in _DESCRIBED if name in record}
    resources = {"current_host": host, "hosts": list(hosts)}
    for name, content in (("processingjobconfig", described), ("resourceconfig", resources)):
        (base_dir / "config" / f"{name}.json").write_text(json.dumps(content))


def _on_this_machine(base_dir: Path, local_path: str) -> Path:
    return base_dir / PurePosixPath(local_path).relative_to(FOLDER.parent)


def _exit_message(containers: Sequence[Container]) -> str:
    """Return what the containers left in /opt/ml/output/message. Raises JobFailed."""
    files = [container.base_dir / "output" / "message" for container in containers]
    written = b"".join(file.read_bytes() for file in files if file.is_file())
    try:
        return written.decode()[:MAX_EXIT_MESSAGE]
    except UnicodeDecodeError as error:
        raise JobFailed("ClientError: /opt/ml/output/message is not UTF-8") from error
