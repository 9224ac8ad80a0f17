"""The operations of training jobs."""

from collections.abc import Callable

from local.faults import Faults
from local.runners import Runner
from local.sagemaker import network, volume_keys
from local.sagemaker.errors import not_supported
from local.sagemaker.jobs import Jobs
from local.sagemaker.logs import MetricHeard, nobody
from local.sagemaker.records import Record
from local.sagemaker.roles import RoleSession
from local.sagemaker.training import channels
from local.sagemaker.training.job import KIND, TrainingJob
from local.sagemaker.training.request import assert_supported, new_record


class Training(Jobs):
    """CreateTrainingJob and its relatives; each job runs on a thread of its own."""

    def __init__(self, runner: Callable[[], Runner], faults: Faults) -> None:
        super().__init__(KIND)
        self._runner = runner
        self._faults = faults

    def create(self, request: Record) -> Record:
        """CreateTrainingJob."""
        return {"TrainingJobArn": self.begin(request)}

    def begin(
        self,
        request: Record,
        heard: MetricHeard = nobody,
        ended: Callable[[Record], object] = lambda _record: None,
    ) -> str:
        """Start the job of a request of CreateTrainingJob; return its ARN.

        On the job's threads `heard` is told name and value of a metric each time that the log has
        one, and `ended` the job's record when it has ended. Raises SageMakerError.
        """
        name, role_arn = request["TrainingJobName"], request["RoleArn"]
        assert_supported(request)
        role = RoleSession(role_arn, name)
        channels.assert_readable(request.get("InputDataConfig", []), role.client("s3"), role_arn)
        volume_keys.assert_granted(request["ResourceConfig"].get("VolumeKmsKeyId"), role, role_arn)
        job_arn = self.arn(name)
        interfaces = network.attach(request.get("VpcConfig"), role, job_arn)
        record = new_record(request, job_arn)
        job = TrainingJob(record, role, self._runner(), self._faults, heard)
        self.add(job, request.get("Tags", []), ended, interfaces)
        return job_arn

    def list(self, request: Record) -> Record:
        """ListTrainingJobs."""
        for member in ("WarmPoolStatusEquals", "TrainingPlanArnEquals"):
            if member in request:
                raise not_supported(f"ListTrainingJobs' {member}")
        return self.summaries(request, ["SecondaryStatus"])
