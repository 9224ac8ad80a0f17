"""One training job: from its data to its artifact, with SageMaker's states on the way."""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.concurrency import spawn_background

from local.runners import Container, ContainerSpec, ImageError, Runner
from local.sagemaker import s3_data
from local.sagemaker.errors import SageMakerError
from local.sagemaker.logs import LogStream, Metrics
from local.sagemaker.records import LOCK, Record
from local.sagemaker.roles import RoleSession
from local.sagemaker.validation import now

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
HOST = "algo-1"
STOP_GRACE = 120
"""Seconds between SIGTERM and SIGKILL when a job is stopped."""
MAX_FAILURE_REASON = 1024

logger = logging.getLogger(__name__)

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


class JobFailed(Exception):  # noqa: N818 - an outcome, in SageMaker's word
    """The job ends as Failed; the text is its FailureReason."""


class TrainingJob:
    """Runs the job that `record` describes, and keeps the record current."""

    def __init__(self, record: Record, role: RoleSession, runner: Runner) -> None:
        self._record = record
        self._role = role
        self._runner = runner
        self._stopping = threading.Event()
        self._enter("Starting")

    def start(self, finished: Callable[[], object]) -> None:
        """Run on a thread of its own, in the account and region of the caller."""
        name = self._record["TrainingJobName"]
        spawn_background(self._run, finished, thread_name=f"training {name}")

    def stop(self) -> None:
        """Ask the job to stop."""
        with LOCK:
            if not self._stopping.is_set():
                self._enter("Stopping", status="Stopping")
            self._stopping.set()

    def _run(self, finished: Callable[[], object]) -> None:
        name = self._record["TrainingJobName"]
        stream = LogStream(self._role.client("logs"), LOG_GROUP, f"{name}/{HOST}-{int(now())}")
        metrics = Metrics(self._record["AlgorithmSpecification"].get("MetricDefinitions", []))

        def log(line: str) -> None:
            stream.line(line)
            metrics.line(line)

        try:
            end = self._train(log)
        except JobFailed as failure:
            end = _failed(str(failure))
        except (ImageError, SageMakerError, ClientError, BotoCoreError) as error:
            end = _failed(f"ClientError: {error}")
        except Exception as error:
            logger.exception("training job %s", name)
            end = _failed(f"InternalServerError: {error}")
        stream.close()
        if end["status"] != "Failed":
            end["FinalMetricDataList"] = metrics.final()
        self._finish(**end)
        finished()

    def _train(self, log: Callable[[str], None]) -> Record:
        """Run the container; return how the job ends."""
        record = self._record
        self._enter("Downloading")
        container = self._runner.create(
            ContainerSpec(
                name=record["TrainingJobName"],
                image=record["AlgorithmSpecification"]["TrainingImage"],
                command="train",
                ecr=self._role.client("ecr"),
                log=log,
                environment={
                    **record.get("Environment", {}),
                    "TRAINING_JOB_NAME": record["TrainingJobName"],
                    "TRAINING_JOB_ARN": record["TrainingJobArn"],
                },
                grace=STOP_GRACE,
            )
        )
        try:
            return self._train_in(container)
        finally:  # whoever sees the job ended finds neither its container nor its data any more
            container.remove()

    def _train_in(self, container: Container) -> Record:
        record = self._record
        s3 = self._role.client("s3")
        _write_input(container.base_dir, record, s3)
        self._enter("Training", TrainingStartTime=now())
        code, ending = self._run_container(container)
        if ending == "Completed" and code != 0:
            raise JobFailed(_algorithm_error(container.base_dir, code))
        if ending == "Completed":
            self._enter("Uploading")
        self._upload(container.base_dir, s3)
        return {
            "secondary": ending,
            "status": "Completed" if ending == "Completed" else "Stopped",
        }

    def _run_container(self, container: Container) -> tuple[int, str]:
        deadline = now() + self._record["StoppingCondition"]["MaxRuntimeInSeconds"]
        if self._stopping.is_set():
            return 0, "Stopped"
        container.start()
        while (code := container.wait(timeout=0.2)) is None:
            if self._stopping.is_set() or now() > deadline:
                ending = "Stopped" if self._stopping.is_set() else "MaxRuntimeExceeded"
                container.stop()
                return 0, ending
        return code, "Completed"

    def _upload(self, base_dir: Path, s3: Any) -> None:
        output = self._record["OutputDataConfig"]
        target = f"{output['S3OutputPath'].rstrip('/')}/{self._record['TrainingJobName']}/output"
        for folder, archive in (("model", "model.tar.gz"), ("output/data", "output.tar.gz")):
            path = base_dir / folder
            if any(path.iterdir()) if path.is_dir() else False:
                s3_data.upload_archive(
                    path, f"{target}/{archive}", s3, output.get("KmsKeyId"), base_dir.parent
                )
                if folder == "model":
                    artifacts = {"S3ModelArtifacts": f"{target}/{archive}"}
                    self._record["ModelArtifacts"] = artifacts

    def _finish(self, secondary: str, status: str, **members: Any) -> None:
        end = now()
        started = self._record.get("TrainingStartTime")
        if started is not None:
            seconds = max(1, round(end - started))
            members |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
        self._enter(secondary, status=status, TrainingEndTime=end, **members)

    def _enter(self, secondary: str, status: str = "", **members: Any) -> None:
        """Go on to a secondary status, unless the job is being stopped and this is no end."""
        with LOCK:
            if self._stopping.is_set() and not status:
                return
            time = now()
            transitions = self._record["SecondaryStatusTransitions"]
            if transitions:
                transitions[-1].setdefault("EndTime", time)
            message = _MESSAGES[secondary]
            reason = members.get("FailureReason")
            transition = {
                "Status": secondary,
                "StartTime": time,
                "StatusMessage": reason or message,
            }
            if status in ("Completed", "Failed", "Stopped"):
                transition["EndTime"] = time
            # A new list: an answer that is being written still has the old one.
            self._record["SecondaryStatusTransitions"] = [*transitions, transition]
            self._record.update(members, SecondaryStatus=secondary, LastModifiedTime=time)
            if status:
                self._record["TrainingJobStatus"] = status


def _failed(reason: str) -> Record:
    return {
        "secondary": "Failed",
        "status": "Failed",
        "FailureReason": reason[:MAX_FAILURE_REASON],
    }


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


def _algorithm_error(base_dir: Path, code: int) -> str:
    failure = base_dir / "output" / "failure"
    text = failure.read_text(errors="replace").strip() if failure.is_file() else ""
    suffix = f", exit code: {code}"
    return f"AlgorithmError: {text}"[: MAX_FAILURE_REASON - len(suffix)] + suffix
