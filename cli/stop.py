"""`make stop`: end a job of any kind before it has done its work."""

from rich.console import Console

from cli.account import Account
from cli.named_jobs import job_named
from cli.problems import InputError
from cli.report import say
from environments.schema import Environment


def stop(account: Account, console: Console, *, environment: Environment, name: str) -> None:
    """Stop the job. Raises InputError if there is none of this name, or it has ended."""
    job = job_named(account, console, environment, name)
    described = job.describe(account.sagemaker)
    if described is None or job.ended(described):
        state = job.status(described) if described else "deleted"
        raise InputError(f"JOB: found {job.kind.words} {name}, {state}; allowed: one that runs")
    if job.status(described) != "Stopping":
        job.stop(account.sagemaker)
    say(console, ("stopping", f"{job.kind.words} {name}"), ("follow it", f"make logs JOB={name}"))
