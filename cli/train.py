"""`make train`: one more training job, with the role, bucket, image and data of the deploy's."""

from collections.abc import Mapping

from rich.console import Console

from cli.account import Account
from cli.following import follow, took
from cli.jobs import TRAINING, Description, Job, new_name
from cli.problems import InputError, JobFailed
from cli.report import commands, say, show, table
from cli.training_request import hyperparameters_of, training_request
from cli.words import model_named
from environments.schema import Environment
from workloads.schema import Workload
from workloads.schema.section import hint


def train(
    account: Account,
    console: Console,
    *,
    environment: Environment,
    workload: Workload,
    model: str,
    changed: Mapping[str, str],
    max_runtime: int | None,
    wait: bool,
) -> None:
    """Submit a training job like the deployed one, with `changed` hyperparameters.

    `model` may be empty where there is one; `max_runtime` is in seconds. Raises InputError if there
    is no job to be like, JobFailed if the new one does not complete.
    """
    jobs = deployed_jobs(account, f"{environment.name}-{workload.name}")
    model = model_named(model, jobs)
    deployed = jobs[model]
    job = Job(TRAINING, new_name(environment.name, workload.name, model))
    request = training_request(
        deployed, name=job.name, changed=changed, max_runtime=max_runtime, tags=environment.all_tags
    )
    account.sagemaker.create_training_job(**request)
    say(console, ("submitted", job.name))
    _show_hyperparameters(hyperparameters_of(deployed), request["HyperParameters"], console)
    if not wait:
        say(console, *commands(job))
        return
    ended = follow(job, account, console)
    if job.status(ended) != "Completed":
        raise JobFailed(job.reason(ended) + _way_out(ended))
    console.print(f"[green]✓[/] Completed in {took(job, ended)} of SageMaker's time")
    _show_metrics(deployed, ended, console)
    say(
        console,
        ("deploy it", f'artifact = "{ended["ModelArtifacts"]["S3ModelArtifacts"]}"'),
        ("", f"below [models.{model}] in workloads/{workload.name}.toml, in the place of all"),
        ("", "that says how to train; then make deploy"),
    )


def deployed_jobs(account: Account, stack: str) -> dict[str, Description]:
    """Describe the training job of each of the stack's models. Raises InputError if there is none.

    A job's name may have been cut short, so the model is known by where its artifact is:
    <workload>/models/<model> of the data bucket.
    """
    outputs = account.outputs(stack)
    if "TrainingJobs" not in outputs:
        raise InputError(f"the stack {stack} trains nothing: the artifacts of its models are given")
    jobs: dict[str, Description] = {}
    for name in outputs["TrainingJobs"].split(","):
        described = Job(TRAINING, name).describe(account.sagemaker)
        if described is None:
            raise InputError(f"{name}, by which the stack {stack} was deployed, has been deleted")
        folder = described["OutputDataConfig"]["S3OutputPath"].rstrip("/")
        jobs[folder.rpartition("/")[2]] = described
    return jobs


def _way_out(ended: Description) -> str:
    if ended.get("SecondaryStatus") != "MaxRuntimeExceeded":
        return ""
    seconds = ended["StoppingCondition"]["MaxRuntimeInSeconds"]
    return f": allow it more than {seconds} seconds by MAX_RUNTIME="


def _show_hyperparameters(
    deployed: Mapping[str, str], chosen: Mapping[str, str], console: Console
) -> None:
    rows = table("hyperparameter", "deployed", "this job", "")
    for key, value in sorted(chosen.items()):
        new = "" if key in deployed else f"new{hint(key, deployed)}"
        style = "" if deployed.get(key) == value else "bold"
        rows.add_row(key, deployed.get(key, ""), value, new, style=style)
    show(rows, console)


def _show_metrics(deployed: Description, ended: Description, console: Console) -> None:
    def figures(job: Description) -> dict[str, str]:
        metrics = job.get("FinalMetricDataList", [])
        return {metric["MetricName"]: f"{metric['Value']:.6g}" for metric in metrics}

    before = figures(deployed)
    rows = table("metric", figures=("deployed", "this job"))
    for name, value in figures(ended).items():
        rows.add_row(name, before.get(name, ""), value)
    if rows.row_count:
        show(rows, console)
