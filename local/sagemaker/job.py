"""What every kind of job shares: a record, a thread, a stop, a time limit, containers, an end."""

import logging
import re
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Literal

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.concurrency import spawn_background

from local.runners import Container, ContainerSpec, ImageError, Runner
from local.sagemaker.errors import SageMakerError
from local.sagemaker.logs import LogStream
from local.sagemaker.records import LOCK, Record, Store
from local.sagemaker.roles import RoleSession
from local.sagemaker.validation import now

RUNNING = ("InProgress", "Stopping")
"""The states of a job that has not ended."""
STOP_GRACE = 120
"""Seconds between SIGTERM and SIGKILL when a job is stopped."""
POLL = 0.2
"""Seconds between two looks at the containers of a job."""
MAX_FAILURE_REASON = 1024

# upload_file raises an error of boto3's own, whatever S3 answered
CLIENT_ERRORS = (ImageError, SageMakerError, ClientError, BotoCoreError, Boto3Error)
"""What is wrong with the request, the role or the data, and not with SageMaker."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """A kind of job, in the words of its operations and of its records' members."""

    name: str
    """`TrainingJob`: a record has TrainingJobName, TrainingJobArn and TrainingJobStatus."""
    records: Store
    log_group: str = ""

    @property
    def words(self) -> str:
        """`training job`."""
        return re.sub(r"\B(?=[A-Z])", " ", self.name).lower()

    def member(self, what: str) -> str:
        """Return the name of a member: `TrainingJobName`, but `TrainingEndTime`."""
        stem = self.name.removesuffix("Job") if what.endswith("Time") else self.name
        return f"{stem}{what}"


class JobFailed(Exception):  # noqa: N818 - an outcome, in SageMaker's word
    """The job ends as Failed; the text is its FailureReason, `members` go into its record."""

    def __init__(self, reason: str, **members: object) -> None:
        super().__init__(reason)
        self.members = members


@dataclass(frozen=True)
class Ending:
    """How a job ended, and what its record is told with that."""

    status: Literal["Completed", "Stopped", "Failed"] = "Completed"
    members: Record = field(default_factory=dict)


class Job(ABC):
    """Does the work that `record` describes, and keeps the record current."""

    def __init__(self, kind: Kind, record: Record) -> None:
        self.kind = kind
        self.record = record
        self._stop = threading.Event()

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self.record[self.kind.member("Name")])

    @property
    def stopping(self) -> bool:
        """Whether the job has been asked to stop."""
        return self._stop.is_set()

    def start(self, ended: Callable[[], object]) -> None:
        """Work on a thread of its own, in the account and region of the caller.

        `ended` is called there when the record shows the end.
        """
        spawn_background(self._run, ended, thread_name=f"{self.kind.words} {self.name}")

    def stop(self) -> None:
        """Ask the job to stop."""
        with LOCK:
            if not self.stopping:
                self.update({self.kind.member("Status"): "Stopping"})
            self._stop.set()

    @abstractmethod
    def work(self) -> Ending:
        """Do the work; what it made on this machine is gone on return. Raises JobFailed."""

    def update(self, members: Record) -> None:
        """Change the record."""
        with LOCK:
            self.record.update(members, LastModifiedTime=now())

    def finish(self, ending: Ending) -> None:
        """Have the record show the end."""
        state = {self.kind.member("Status"): ending.status, self.kind.member("EndTime"): now()}
        self.update({**ending.members, **state})

    def _run(self, ended: Callable[[], object]) -> None:
        try:
            ending = self.work()
        except JobFailed as failure:
            ending = _failed(str(failure), **failure.members)
        except CLIENT_ERRORS as error:
            ending = _failed(f"ClientError: {error}")
        except Exception as error:
            logger.exception("%s %s", self.kind.words, self.name)
            ending = _failed(f"InternalServerError: {error}")
        self.finish(ending)
        ended()


class ContainerJob(Job):
    """A job that runs containers, on instances that only they know of."""

    def __init__(self, kind: Kind, record: Record, role: RoleSession, runner: Runner) -> None:
        super().__init__(kind, record)
        self.role = role
        self.runner = runner
        # Unlike its name: before a reset, and in another account or server, there may be a job of
        # the same name that still has its folders and networks.
        self._marked = f"{kind.name}-{self.name}-{secrets.token_hex(4)}"

    def logged(self, line: str) -> str:
        """Return a line of a program's output as the log has it."""
        return line

    @contextmanager
    def container(
        self,
        host: str,
        image: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        entrypoint: Sequence[str] = (),
        network: str = "",
        heard: Callable[[str], None] = lambda _line: None,
    ) -> Iterator[Container]:
        """Make a host's container and its log stream; at the end of the block they are gone.

        `heard` is told each line of output too. Raises ImageError.
        """
        stream = LogStream(
            self.role.client("logs"), self.kind.log_group, f"{self.name}/{host}-{int(now())}"
        )

        def log(line: str) -> None:
            logged = self.logged(line)
            stream.line(logged)
            heard(logged)

        try:
            container = self.runner.create(
                ContainerSpec(
                    name=f"{self._marked}-{host}",
                    image=image,
                    arguments=arguments,
                    ecr=self.role.client("ecr"),
                    log=log,
                    entrypoint=entrypoint,
                    environment=environment,
                    grace=STOP_GRACE,
                    host=host,
                    network=network,
                )
            )
            try:
                yield container
            finally:
                container.remove()
        finally:
            stream.close()

    @contextmanager
    def containers(
        self,
        hosts: Sequence[str],
        image: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        entrypoint: Sequence[str] = (),
        isolated: bool = False,
        heard: Callable[[str], None] = lambda _line: None,
    ) -> Iterator[list[Container]]:
        """Make the containers of all hosts, on a network of their own if they need one."""
        with ExitStack() as stack:
            network = ""
            if isolated or len(hosts) > 1:
                network = stack.enter_context(self.runner.network(self._marked, isolated=isolated))
            yield [
                stack.enter_context(
                    self.container(
                        host,
                        image,
                        arguments,
                        environment,
                        entrypoint=entrypoint,
                        network=network,
                        heard=heard,
                    )
                )
                for host in hosts
            ]

    def run(
        self,
        containers: Sequence[Container],
        deadline: float,
        cut: Callable[[], str] = lambda: "",
    ) -> str:
        """Run the containers of all hosts to their end; return the job's secondary status then.

        "Completed", "Stopped" when the job is being stopped, "MaxRuntimeExceeded" at `deadline`, by
        now(); or what `cut`, asked again and again, returns to stop them. Raises JobFailed when a
        program fails; those of the other hosts are stopped then.
        """
        if self.stopping:
            return "Stopped"
        running: list[Container] = []
        try:
            for container in containers:
                container.start()
                running.append(container)
            while running:
                for container in list(running):
                    code = container.wait(timeout=POLL / len(running))
                    if code is not None:
                        running.remove(container)
                    if code:
                        raise JobFailed(algorithm_error(container, code))
                if running and self.stopping:
                    return "Stopped"
                if running and (ending := cut()):
                    return ending
                if running and now() > deadline:
                    return "MaxRuntimeExceeded"
            return "Completed"
        finally:
            _stop(running)


def _stop(containers: Sequence[Container]) -> None:
    """Stop containers at the same time: the hosts of a program may wait for each other."""
    with ThreadPoolExecutor(max_workers=len(containers) or 1) as pool:
        list(pool.map(lambda container: container.stop(), containers))


def algorithm_error(container: Container, code: int) -> str:
    """Return the FailureReason of a program that failed: its failure file and its exit code."""
    failure = container.base_dir / "output" / "failure"
    text = failure.read_text(errors="replace").strip() if failure.is_file() else ""
    suffix = f", exit code: {code}"
    return f"AlgorithmError: {text}"[: MAX_FAILURE_REASON - len(suffix)] + suffix


def _failed(reason: str, **members: object) -> Ending:
    return Ending("Failed", {**members, "FailureReason": reason[:MAX_FAILURE_REASON]})
