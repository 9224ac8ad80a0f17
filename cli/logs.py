"""`make logs`: what a job of any kind says, until it has ended, or which jobs there are."""

from rich.console import Console

from cli.account import Account
from cli.answers import fetch
from cli.following import follow, took
from cli.jobs import TRANSFORM
from cli.named_jobs import job_named, list_jobs
from cli.problems import InputError
from environments.schema import Environment


def logs(
    account: Account,
    console: Console,
    *,
    environment: Environment,
    name: str,
    workload: str = "",
    output: str = "",
) -> None:
    """Follow the job, then say how it ended; without one list the workload's.

    A transform job's answers go to the folder `output`. Raises InputError if there is no such job.
    """
    if workload and not name:
        list_jobs(account, console, environment, workload)
        return
    job = job_named(account, console, environment, name)
    if output and job.kind is not TRANSFORM:
        raise InputError(f"OUTPUT: found a {job.kind.words}; allowed: with a transform job")
    ended = follow(job, account, console)
    if job.status(ended) == "Completed":
        console.print(f"[green]✓[/] Completed in {took(job, ended)} of SageMaker's time")
        if output:
            fetch(account.s3, ended["TransformOutput"]["S3OutputPath"], output, console)
    else:
        console.print(f"[red]✗[/] after {took(job, ended)}: ", end="")
        console.print(job.reason(ended), markup=False, soft_wrap=True)
