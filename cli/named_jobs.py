"""The app's jobs in the account: the one of a name, or a table of the latest."""

from rich.console import Console

from cli.account import Account
from cli.jobs import KINDS, TUNING, Description, Job
from cli.problems import InputError
from cli.report import show, table
from environments.schema import Environment
from workloads.schema.section import hint, shown

LISTED = 10
"""How many jobs a table shows."""


def job_named(account: Account, console: Console, environment: Environment, name: str) -> Job:
    """Find the job of this name, the latest where kinds share it.

    Raises InputError if there is none, with what was probably meant; else a table is printed first.
    """
    found: list[tuple[Job, Description]] = []
    for kind in KINDS if name else ():
        job = Job(kind, name)
        if described := job.describe(account.sagemaker):
            found.append((job, described))
    if found:
        return max(found, key=lambda pair: pair[1]["CreationTime"])[0]
    latest = _latest(account, environment)
    told = f"found {shown(name)}, no job of SageMaker's" if name else "missing"
    if meant := hint(name, [job.name for job in latest]):
        raise InputError(f"JOB: {told}{meant}")
    _show(latest, console)
    raise InputError(f"JOB: {told}; allowed: {'one of these' if latest else 'there is none yet'}")


def list_jobs(account: Account, console: Console, environment: Environment, workload: str) -> None:
    """Print a table of a workload's latest jobs; there need not be a file of it any more."""
    jobs = _latest(account, environment)
    chosen: dict[Job, Description] = {}
    for job, summary in jobs.items():
        if len(chosen) < LISTED and _is_of(workload, job, account, environment):
            chosen[job] = summary
    if not chosen:
        raise InputError(f"WORKLOAD: found {shown(workload)}, which has no jobs")
    _show(chosen, console)
    console.print("make logs JOB=<one of these> shows its log.", markup=False)


def _is_of(workload: str, job: Job, account: Account, environment: Environment) -> bool:
    """Whether the job's output goes to the workload's folder of the data bucket.

    A name does not tell: a tuning job's has no room for it, iris-mars begins like iris.
    """
    if job.kind is not TUNING and not job.name.startswith(f"{environment.name}-{workload}"[:30]):
        return False  # spares the question
    folders = _outputs(job.describe(account.sagemaker) or {})
    return any(uri.removeprefix("s3://").split("/")[1:2] == [workload] for uri in folders)


def _outputs(described: Description) -> list[str]:
    training = described.get("TrainingJobDefinition", described)  # a tuning job's, or its own
    processed = described.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return [
        training.get("OutputDataConfig", {}).get("S3OutputPath", ""),
        described.get("TransformOutput", {}).get("S3OutputPath", ""),
        *(output.get("S3Output", {}).get("S3Uri", "") for output in processed),
    ]


def _latest(account: Account, environment: Environment) -> dict[Job, Description]:
    """Return the app's jobs, the latest first; a tuning job's own table has its training jobs."""
    created: dict[Job, Description] = {}
    for kind in KINDS:
        # a tuning job's name has room for ten characters of the app's
        part = environment.name[:10].rstrip("-") if kind is TUNING else environment.name
        summaries = kind.latest(f"{part}-", account.sagemaker)
        created |= {Job(kind, name): summary for name, summary in summaries.items()}
    latest = sorted(created, key=lambda job: created[job]["CreationTime"], reverse=True)
    tunings = tuple(f"{job.name}-" for job in created if job.kind is TUNING)
    return {job: created[job] for job in latest if not job.name.startswith(tunings)}


def _show(jobs: dict[Job, Description], console: Console) -> None:
    rows = table("job", "kind", "status", "start")
    for job, summary in list(jobs.items())[:LISTED]:
        start = f"{summary['CreationTime'].astimezone():%Y-%m-%d %H:%M:%S}"
        rows.add_row(job.name, job.kind.words, job.status(summary), start)
    if rows.row_count:
        show(rows, console)
