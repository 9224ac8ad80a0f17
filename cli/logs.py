"""`make logs`: what a job of any kind says, until it has ended."""

from datetime import datetime

from rich.console import Console

from cli.account import Account
from cli.following import follow, took
from cli.jobs import KINDS, TUNING, Description, Job
from cli.problems import InputError
from environments.schema import Environment
from workloads.schema.section import hint, shown


def logs(account: Account, console: Console, *, environment: Environment, name: str) -> None:
    """Follow the job, then say how it ended. Raises InputError if there is none of this name."""
    job = _found(account, name) if name else None
    if job is None:
        raise _unknown(account, environment, name)
    ended = follow(job, account, console)
    if job.status(ended) == "Completed":
        console.print(f"[green]✓[/] Completed in {took(job, ended)}")
    else:
        console.print(f"[red]✗[/] after {took(job, ended)}: ", end="")
        console.print(job.reason(ended), markup=False, soft_wrap=True)


def _found(account: Account, name: str) -> Job | None:
    """Find the job of this name, the latest where kinds share it."""
    found: list[tuple[Job, Description]] = []
    for kind in KINDS:
        job = Job(kind, name)
        if described := job.describe(account.sagemaker):
            found.append((job, described))
    return max(found, key=lambda pair: pair[1]["CreationTime"])[0] if found else None


def _unknown(account: Account, environment: Environment, name: str) -> InputError:
    """Name what was probably meant, or the app's latest jobs."""
    latest = _latest(account, environment)
    found = f"found {shown(name)}" if name else "missing"
    if meant := hint(name, latest):
        return InputError(f"JOB: {found}, no job of SageMaker's{meant}")
    listed = "".join(f"\n  make logs JOB={job}" for job in latest[:10])
    return InputError(f"JOB: {found}; the latest jobs are:{listed or ' none'}")


def _latest(account: Account, environment: Environment) -> list[str]:
    """Name the app's jobs, the latest first; a tuning job's own table has its training jobs."""
    created: dict[str, datetime] = {}
    for kind in KINDS:
        # a tuning job's name has room for ten characters of the app's
        part = environment.name[:10].rstrip("-") if kind is TUNING else environment.name
        created |= kind.latest(f"{part}-", account.sagemaker)
    names = sorted(created, key=lambda job: created[job], reverse=True)
    return [job for job in names if not any(job.startswith(f"{other}-") for other in names)]
