"""One training job: from its data to its artifact, with SageMaker's states on the way."""

import json
from pathlib import Path
from typing import Any

from local.runners import Container, Runner
from local.sagemaker import s3_data
from local.sagemaker.job import ContainerJob, Ending, Kind
from local.sagemaker.logs import MetricHeard, Metrics
from local.sagemaker.records import LOCK, Record, training_jobs
from local.sagemaker.roles import RoleSession
from local.sagemaker.validation import now

KIND = Kind("TrainingJob", training_jobs, "/aws/sagemaker/TrainingJobs")
HOST = "algo-1"

_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading the training image and the input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
}


class TrainingJob(ContainerJob):
    """Runs the job that `record` describes, and keeps the record current."""

    def __init__(
        self, record: Record, role: RoleSession, runner: Runner, heard: MetricHeard
    ) -> None:
        super().__init__(KIND, record, role, runner)
        self._metrics = Metrics(
            record["AlgorithmSpecification"].get("MetricDefinitions", []), heard
        )
        self._enter("Starting")

    def work(self) -> Ending:
        """See Job.work."""
        record = self.record
        self._enter("Downloading")
        variables = {
            **record.get("Environment", {}),
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": record["TrainingJobArn"],
        }
        image = record["AlgorithmSpecification"]["TrainingImage"]
        heard = self._metrics.line
        with self.container(HOST, image, ["train"], variables, heard=heard) as container:
            secondary = self._train_in(container)
        members = {"SecondaryStatus": secondary, "FinalMetricDataList": self._metrics.final()}
        return Ending("Completed" if secondary == "Completed" else "Stopped", members)

    def update(self, members: Record) -> None:
        """Change the record; a new status is a transition of the secondary status too."""
        with LOCK:
            if "TrainingJobStatus" in members:
                members = {"SecondaryStatus": members["TrainingJobStatus"], **members}
            if secondary := members.get("SecondaryStatus"):
                reason = members.get("FailureReason") or _MESSAGES[secondary]
                members |= {"SecondaryStatusTransitions": self._transitions(secondary, reason)}
                if "TrainingEndTime" in members:
                    members["SecondaryStatusTransitions"][-1]["EndTime"] = now()
            super().update(members)

    def finish(self, ending: Ending) -> None:
        """See Job.finish."""
        members = dict(ending.members)
        if (started := self.record.get("TrainingStartTime")) is not None:
            seconds = max(1, round(now() - started))
            members |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
        super().finish(Ending(ending.status, members))

    def _train_in(self, container: Container) -> str:
        s3 = self.role.client("s3")
        _write_input(container.base_dir, self.record, s3)
        self._enter("Training", TrainingStartTime=now())
        deadline = now() + self.record["StoppingCondition"]["MaxRuntimeInSeconds"]
        ending = self.run([container], deadline)
        if ending == "Completed":
            self._enter("Uploading")
        self._upload(container.base_dir, s3)
        return ending

    def _upload(self, base_dir: Path, s3: Any) -> None:
        output = self.record["OutputDataConfig"]
        target = f"{output['S3OutputPath'].rstrip('/')}/{self.name}/output"
        for folder, archive in (("model", "model.tar.gz"), ("output/data", "output.tar.gz")):
            path = base_dir / folder
            if any(path.iterdir()) if path.is_dir() else False:
                s3_data.upload_archive(
                    path, f"{target}/{archive}", s3, output.get("KmsKeyId"), base_dir.parent
                )
                if folder == "model":
                    self.update({"ModelArtifacts": {"S3ModelArtifacts": f"{target}/{archive}"}})

    def _enter(self, secondary: str, **members: Any) -> None:
        """Go on to a secondary status, unless the job is being stopped."""
        with LOCK:
            if not self.stopping:
                self.update({"SecondaryStatus": secondary, **members})

    def _transitions(self, secondary: str, message: str) -> list[Record]:
        # New ones: an answer that is being written still has the old ones.
        time = now()
        past = [{"EndTime": time, **each} for each in self.record["SecondaryStatusTransitions"]]
        return [*past, {"Status": secondary, "StartTime": time, "StatusMessage": message}]


def _write_input(base_dir: Path, record: Record, s3: Any) -> None:
    """Fill a container's /opt/ml as SageMaker does before it runs `train`."""
    config = base_dir / "input" / "config"
    config.mkdir(parents=True)
    for folder in ("model", "output"):  # no output/data: SageMaker does not promise it
        (base_dir / folder).mkdir()
    channels = record.get("InputDataConfig", [])
    for channel in channels:
        target = base_dir / "input" / "data" / channel["ChannelName"]
        s3_data.download(channel, s3, record["RoleArn"], target)
    described = {
        channel["ChannelName"]: {
            **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            "TrainingInputMode": "File",
            "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                "S3DataDistributionType", "FullyReplicated"
            ),
            "RecordWrapperType": "None",
        }
        for channel in channels
    }
    resources = {
        "current_host": HOST,
        "hosts": [HOST],
        "network_interface_name": "lo",
        "current_instance_type": record["ResourceConfig"]["InstanceType"],
    }
    for name, content in (
        ("hyperparameters", record["HyperParameters"]),
        ("inputdataconfig", described),
        ("resourceconfig", resources),
    ):
        (config / f"{name}.json").write_text(json.dumps(content))
