"""One training job: from its data to its artifact, with SageMaker's states on the way."""

import logging
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from local import builtin
from local.faults import Faults
from local.runners import Container, Runner
from local.sagemaker import s3_data
from local.sagemaker.background import Background
from local.sagemaker.job import CLIENT_ERRORS, ContainerJob, Ending, JobFailed, Kind
from local.sagemaker.logs import MetricHeard, Metrics
from local.sagemaker.records import LOCK, Record, training_jobs
from local.sagemaker.roles import RoleSession
from local.sagemaker.training import input as training_input
from local.sagemaker.training.channels import Channel
from local.sagemaker.training.checkpoints import Checkpoints
from local.sagemaker.validation import now

KIND = Kind("TrainingJob", training_jobs, "/aws/sagemaker/TrainingJobs")

_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading the training image and the input data",
    "Training": "Training image download completed. Training in progress.",
    "Interrupted": "The managed spot training instances were interrupted",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job waited longer than MaxWaitTimeInSeconds provided",
}

logger = logging.getLogger(__name__)


class TrainingJob(ContainerJob):
    """Runs the job that `record` describes, and keeps the record current."""

    def __init__(
        self,
        record: Record,
        role: RoleSession,
        runner: Runner,
        faults: Faults,
        heard: MetricHeard,
    ) -> None:
        super().__init__(KIND, record, role, runner)
        definitions = record["AlgorithmSpecification"].get("MetricDefinitions", [])
        self._metrics = Metrics(definitions, heard)
        self._hosts = [f"algo-{n + 1}" for n in range(record["ResourceConfig"]["InstanceCount"])]
        self._spot: bool = record["EnableManagedSpotTraining"]
        self._interruptions = faults.interrupt if self._spot else 0
        self._internal_errors = faults.internal_error
        self._seconds = 0.0  # that the program ran, in all attempts
        self._enter("Starting")

    def work(self) -> Ending:
        """See Job.work."""
        retries = self.record.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
        while True:
            try:
                secondary = self._attempt()
            except (JobFailed, *CLIENT_ERRORS):
                raise
            except Exception:
                if retries == 0:
                    raise
                retries -= 1
                logger.warning("training job %s is tried again", self.name, exc_info=True)
            else:
                if secondary != "Interrupted":
                    break
                self._enter("Interrupted")
            self._enter("Starting")
        members = {"SecondaryStatus": secondary, "FinalMetricDataList": self._metrics.final()}
        return Ending("Completed" if secondary == "Completed" else "Stopped", members)

    def logged(self, line: str) -> str:
        """Write control characters as SageMaker's log agent does: a tab is #011.

        SageMaker finds the metrics of its own algorithms by it: "#011validation-rmse:([-+]?...".
        """
        return re.sub(r"[\x00-\x1f\x7f]", lambda found: f"#{ord(found[0]):03o}", line)

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
        """See Job.finish. Billed is, as for spot instances, only while the program ran."""
        members = dict(ending.members)
        if (started := self.record.get("TrainingStartTime")) is not None:
            members |= {
                "TrainingTimeInSeconds": max(1, round(now() - started)),
                "BillableTimeInSeconds": max(1, round(self._seconds)),
            }
        super().finish(Ending(ending.status, members))

    def _attempt(self) -> str:
        """Train from the start, or from the checkpoints; return the secondary status after it."""
        self._enter("Downloading")
        s3 = self.role.client("s3")
        with self._containers() as containers, ExitStack() as stack:
            background = self._provide(containers, s3, stack)
            if self._internal_errors > 0:
                self._internal_errors -= 1
                raise RuntimeError("a fault that SAGESTACK_FAULTS asked for")
            secondary = self._train(containers, background)
            if secondary == "Completed":
                self._enter("Uploading")
            if secondary != "Interrupted":
                self._upload(containers, s3)
        return secondary

    def _containers(self) -> AbstractContextManager[list[Container]]:
        algorithm = self.record["AlgorithmSpecification"]
        entrypoint = algorithm.get("ContainerEntrypoint", [])
        environment = {
            **self.record.get("Environment", {}),
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": self.record["TrainingJobArn"],
        }
        return self.containers(
            self._hosts,
            algorithm["TrainingImage"],
            algorithm.get("ContainerArguments", [] if entrypoint else ["train"]),
            environment,
            entrypoint=entrypoint,
            isolated=self.record["EnableNetworkIsolation"],
            heard=self._metrics.line,
        )

    def _provide(
        self, containers: Sequence[Container], s3: Any, stack: ExitStack
    ) -> list[Background]:
        """Fill each host's /opt/ml; return what goes on beside the containers until they end."""
        record = self.record
        mode = record["AlgorithmSpecification"]["TrainingInputMode"]
        channels = [
            Channel(channel, mode, s3, record["RoleArn"])
            for channel in record.get("InputDataConfig", [])
        ]
        background: list[Background] = []
        for number, container in enumerate(containers):
            base_dir = container.base_dir
            training_input.write(base_dir, record, self._hosts, number, self.runner.interface)
            for channel in channels:
                background += channel.provide(base_dir / "input/data", number, len(containers))
            if config := record.get("CheckpointConfig"):
                background.append(Checkpoints(config, base_dir, s3))
        for each in background:
            stack.enter_context(each)
        return background

    def _train(self, containers: Sequence[Container], background: Sequence[Background]) -> str:
        started = now()
        self._enter("Training", TrainingStartTime=self.record.get("TrainingStartTime", started))
        self._check_hyperparameters()
        limit = self.record["StoppingCondition"]["MaxRuntimeInSeconds"]
        try:
            return self.run(containers, started + limit - self._seconds, self._cut(background))
        finally:
            self._seconds += now() - started

    def _check_hyperparameters(self) -> None:
        """Raise JobFailed for values that a program of AWS's own would end with."""
        image = self.record["AlgorithmSpecification"]["TrainingImage"]
        if wrong := builtin.hyperparameter_failures(image, self.record["HyperParameters"]):
            reason = f"AlgorithmError: framework error: {'; '.join(wrong)}, exit code: 1"
            raise JobFailed(reason)

    def _cut(self, background: Sequence[Background]) -> Callable[[], str]:
        """Return what tells why to end an attempt early."""
        checkpoints = [each for each in background if isinstance(each, Checkpoints)]
        wait = self.record["StoppingCondition"].get("MaxWaitTimeInSeconds")
        until = self.record["CreationTime"] + wait if self._spot else float("inf")

        def cut() -> str:
            for each in background:
                each.check()
            if now() > until:
                return "MaxWaitTimeExceeded"
            ready = not checkpoints or any(each.written() for each in checkpoints)
            if self._interruptions > 0 and ready:
                self._interruptions -= 1
                return "Interrupted"
            return ""

        return cut

    def _upload(self, containers: Sequence[Container], s3: Any) -> None:
        """Store what the hosts made together; where they differ, what algo-1 has counts."""
        output = self.record["OutputDataConfig"]
        target = f"{output['S3OutputPath'].rstrip('/')}/{self.name}/output"
        scratch = containers[0].base_dir.parent
        for made, archive in (("model", "model.tar.gz"), ("output/data", "output.tar.gz")):
            folders = [container.base_dir / made for container in containers]
            if any(any(folder.glob("*")) for folder in folders):
                uri = f"{target}/{archive}"
                s3_data.upload_archive(folders, uri, s3, output.get("KmsKeyId"), scratch)
                if made == "model":
                    self.update({"ModelArtifacts": {"S3ModelArtifacts": uri}})

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
