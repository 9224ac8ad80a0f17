"""Processing jobs, which evaluate models. Attribute: OutputS3Uri, the first output's.

Resource property ServingModel (optional): evaluate the model that an endpoint now serves, instead
of the one in the request. Where none serves, no job is needed and OutputS3Uri is empty.
"""

from typing import Any

from jobs.clients import Clients
from jobs.events import Event
from jobs.kinds.kind import Job, JobKind
from jobs.naming import LONG_NAMES
from jobs.serving_model import ServingModel
from jobs.stack_status import stack_status

_MODEL_INPUT = "model"


class ProcessingJobs(JobKind):
    """CreateProcessingJob and its like."""

    type = "ProcessingJob"
    noun = "Processing job"
    names = LONG_NAMES
    log_group = "/aws/sagemaker/ProcessingJobs"
    runtime_setting = "max_runtime of [evaluation]"
    not_hashed = frozenset({"ExperimentConfig", "RoleArn", "StoppingCondition", "Tags"})

    def resolved(
        self, event: Event, request: dict[str, Any], clients: Clients
    ) -> dict[str, Any] | None:
        """Put the serving model into the request, so that another one makes another job.

        While the stack rolls back nothing is compared: it returns to what has been compared.
        """
        serving = event["ResourceProperties"].get("ServingModel")
        if serving is None:
            return request
        if stack_status(clients.cloudformation, event).rolling_back:
            return None
        model = ServingModel.of(serving, clients.sagemaker)
        return None if model is None else _evaluating(model, request)

    def attributes(self, job: Job, clients: Clients) -> dict[str, str]:  # noqa: ARG002
        """Name the folder of the evaluation."""
        output = job.described["ProcessingOutputConfig"]["Outputs"][0]
        return {"OutputS3Uri": output["S3Output"]["S3Uri"]}

    def reason(self, job: Job, clients: Clients) -> str:
        """Quote SageMaker and the container, which has a message of its own here."""
        reason = super().reason(job, clients)
        started, ended = (job.described.get(f"Processing{at}Time") for at in ("Start", "End"))
        limit = job.described.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
        # SageMaker only stops a job that takes too long, and has no status to say so.
        if job.status == "Stopped" and started and ended:
            reason = self.out_of_time((ended - started).total_seconds(), limit) or reason
        said = job.described.get("ExitMessage")
        return f"{reason}: {said}" if said else reason


def _evaluating(model: ServingModel, request: dict[str, Any]) -> dict[str, Any]:
    return {
        **request,
        "AppSpecification": {**request["AppSpecification"], "ImageUri": model.image},
        "ProcessingInputs": [
            {**given, "S3Input": {**given["S3Input"], "S3Uri": model.artifact}}
            if given["InputName"] == _MODEL_INPUT
            else given
            for given in request["ProcessingInputs"]
        ],
    }
