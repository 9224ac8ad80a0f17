"""Where the dev host's scripts find a workload's jobs, to train and evaluate more like them."""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.trained_model import TrainedModel
from stacks.workload_parts import WorkloadParts


class JobEntry(ssm.StringParameter):
    """Names the jobs by which each model was trained and evaluated, as JSON.

    `evaluation_job` is there where the workload has an evaluation. A model whose artifact is given
    was trained elsewhere, and is not in it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: WorkloadParts,
        models: Mapping[str, TrainedModel],
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"The jobs that made the models of {parts.workload.name}",
            # beside the API's entries, not below them: the proxy takes all of those for workloads
            parameter_name=f"/{parts.environment.name}/jobs/{parts.workload.name}",
            string_value=Stack.of(scope).to_json_string({"models": _jobs(models)}),
            # 4 KB are about thirty models
            tier=ssm.ParameterTier.INTELLIGENT_TIERING,
        )


def _jobs(models: Mapping[str, TrainedModel]) -> dict[str, dict[str, str]]:
    jobs: dict[str, dict[str, str]] = {}
    for name, model in models.items():
        if model.training:
            jobs[name] = {"training_job": model.training.training_job_name}
            if model.evaluation:
                jobs[name]["evaluation_job"] = model.evaluation.job_name
    return jobs
