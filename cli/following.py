"""Follows a job until it has ended: what SageMaker does with it, and what its containers say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import sleep
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from cli.account import Account
from cli.jobs import TUNING, Description, Job
from cli.log_streams import Line, LogStreams
from cli.problems import JobFailed
from cli.report import commands, say
from cli.tuning import Trials

INTERVAL = 2.0
"""Seconds between two looks: each is one Describe call and two of CloudWatch Logs a stream."""

_Timed = tuple[int, Text]
"""A text with its time, in milliseconds since the epoch."""


def follow(job: Job, account: Account, console: Console) -> Description:
    """Print what is new of the job until it has ended; return its last description.

    Raises JobFailed if it is deleted meanwhile. Ctrl-C leaves it running, and so does an error of
    AWS (expired credentials, no network); both say so.
    """
    shown = Trials(job, account, console) if job.kind is TUNING else _Log(job, account, console)
    try:
        with console.status(job.kind.words) as spinner:
            while True:
                described = job.describe(account.sagemaker)
                if described is None:
                    raise JobFailed(f"{job.kind.words} {job.name} was deleted")
                shown.update(described)
                if job.ended(described):
                    break
                spinner.update(JobState(job, described))
                sleep(INTERVAL)
            shown.finish()
    except (KeyboardInterrupt, BotoCoreError, ClientError):
        console.print("\nThe job goes on.")
        say(console, *commands(job))
        raise
    return described


def took(job: Job, described: Description) -> str:
    """Say how long SageMaker took for the job, from its creation to its end."""
    end = described.get(job.kind.end_time, datetime.now(UTC))
    return f"{(end - described['CreationTime']).total_seconds():.0f} s"


@dataclass(frozen=True)
class JobState:
    """What a job is doing, and for how long, which goes on between two looks."""

    job: Job
    described: Description

    def __rich__(self) -> str:
        """Return the text of this moment, for a spinner that draws it anew."""
        state = self.described.get("SecondaryStatus", self.job.status(self.described))
        return f"{self.job.kind.words}: {state}, {took(self.job, self.described)}"


class _Log:
    """What a job's containers say, and the steps that SageMaker takes with them, by their time."""

    def __init__(self, job: Job, account: Account, console: Console) -> None:
        self._console = console
        self._streams = LogStreams(account.logs, job.kind.log_group, job.name)
        self._steps = 0

    def update(self, described: Description) -> None:
        """Print what is new."""
        steps = described.get("SecondaryStatusTransitions", [])[self._steps :]
        self._steps += len(steps)
        self._print([_step(step) for step in steps] + self._lines())

    def finish(self) -> None:
        """Print what is left: CloudWatch is some seconds behind the container."""
        sleep(INTERVAL)
        while lines := self._lines():
            self._print(lines)
            sleep(INTERVAL)

    def _lines(self) -> list[_Timed]:
        return [(line.timestamp, _text(line)) for line in self._streams.read()]

    def _print(self, timed: list[_Timed]) -> None:
        for _, text in sorted(timed, key=lambda each: each[0]):
            self._console.print(text, soft_wrap=True)


def _step(step: Mapping[str, Any]) -> _Timed:
    started: datetime = step["StartTime"]
    # why it failed is in the container's log, and said in the end
    message = "" if step["Status"] == "Failed" else step.get("StatusMessage", "")
    text = f"{started.astimezone():%H:%M:%S} {step['Status']}  {message}"
    return int(started.timestamp() * 1000), Text(text.rstrip(), style="dim")


def _text(line: Line) -> Text:
    text = Text(line.text.rstrip("\n"))
    return Text.assemble((f"{line.host} ", "cyan"), text) if line.host else text
