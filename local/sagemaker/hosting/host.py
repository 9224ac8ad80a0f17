"""The instances of a variant: its running model server, which is started again when it dies."""

import logging
import random
import threading
from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.concurrency import spawn_background

from local.runners import Container, ContainerSpec, ImageError, Runner
from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting.configuration import container_of
from local.sagemaker.logs import LogStream
from local.sagemaker.model_server import Answer, ModelServer, UnhealthyError
from local.sagemaker.records import Record
from local.sagemaker.roles import RoleSession

STARTUP_TIMEOUT = 480
"""Seconds to the first healthy ping, unless ContainerStartupHealthCheckTimeoutInSeconds is set."""
DRAIN = 60
"""An invocation takes 60 s at most: so long an old variant is kept for the last of them."""
WATCH_SECONDS = 0.5
"""How often a container is looked at whether it still runs."""
AGAIN_SECONDS = 5
"""Between two attempts to have a container run again."""

logger = logging.getLogger(__name__)


class VariantFailure(Exception):  # noqa: N818 - an outcome, in SageMaker's word
    """A variant did not come up; the text is the endpoint's FailureReason."""


class RetiredError(Exception):
    """A host no longer takes requests; its endpoint has another one."""


class Host:
    """The instances of a variant: one running model server, however many they are."""

    def __init__(self, endpoint: str, variant: Record, model: Record, runner: Runner) -> None:
        self.log_stream = f"{variant['VariantName']}/i-{random.getrandbits(64):016x}"
        self.log_group = f"/aws/sagemaker/Endpoints/{endpoint}"
        self.image: str = container_of(model)["Image"]
        self._variant = variant
        self._model = model
        self._runner = runner
        self._container_name = f"{endpoint}-{self.log_stream.replace('/', '-')}"
        self._container: Container | None = None
        self._server: ModelServer | None = None
        self._logs: LogStream | None = None
        self._in_flight = 0
        self._retired = False
        self._idle = threading.Condition()
        self._ending = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def role_arn(self) -> str:
        """The execution role of its model."""
        return str(self._model["ExecutionRoleArn"])

    def serves(self, variant: Record, model: Record) -> bool:
        """Whether it runs, and is what a variant of another configuration asks for.

        SageMaker starts a new fleet for each configuration, also where only a weight differs. Here
        that would load the same model into the same program: nothing that a client could tell.
        """
        same = ("VariantName", "InstanceType", "ContainerStartupHealthCheckTimeoutInSeconds")
        container = self._container  # its watcher may replace it
        runs = container is not None and container.wait(timeout=0) is None
        return (
            runs
            and self._model is model
            and all(self._variant.get(member) == variant.get(member) for member in same)
        )

    def start(self, cancelled: threading.Event) -> None:
        """Start the model server and wait until it is healthy. Raises VariantFailure."""
        role = RoleSession(self._model["ExecutionRoleArn"], self._variant["VariantName"])
        self._logs = LogStream(role.client("logs"), self.log_group, self.log_stream)
        self._start(self._logs, cancelled)
        self._watcher = spawn_background(self._watch, self._logs, thread_name=self._container_name)

    def invoke(self, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
        """See ModelServer.invoke. Raises RetiredError once it is being stopped."""
        with self._idle:
            if self._retired:
                raise RetiredError
            self._in_flight += 1
        try:
            server = self._server
            if server is None:
                raise ConnectionError("it ended and is being started again")
            return server.invoke(body, headers, timeout)
        finally:
            with self._idle:
                self._in_flight -= 1
                self._idle.notify_all()

    def stop(self) -> None:
        """Let running invocations end, then stop the model server and delete what it had."""
        with self._idle:
            self._retired = True
            self._idle.wait_for(lambda: self._in_flight == 0, timeout=DRAIN)
        self._ending.set()
        if self._watcher is not None:
            self._watcher.join()
        self._remove()
        if self._logs is not None:
            self._logs.close()

    def _start(self, logs: LogStream, cancelled: threading.Event) -> None:
        name = self._variant["VariantName"]
        role = RoleSession(self._model["ExecutionRoleArn"], name)
        startup = self._variant.get("ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_TIMEOUT)
        try:
            self._container = self._runner.create(
                ContainerSpec(
                    name=self._container_name,
                    image=self.image,
                    arguments=["serve"],
                    ecr=role.client("ecr"),
                    log=logs.line,
                    environment=container_of(self._model).get("Environment", {}),
                )
            )
            server = ModelServer(self._container, self._model)
            server.start(role.client("s3"), startup, cancelled.is_set)
            self._server = server
        except UnhealthyError as error:
            raise VariantFailure(
                f"The primary container for production variant {name} {error}. Please check "
                "CloudWatch logs for this endpoint."
            ) from error
        except (ImageError, SageMakerError, ClientError, BotoCoreError, OSError) as error:
            raise VariantFailure(
                f"Failed to start the container for production variant {name}: {error}"
            ) from error

    def _watch(self, logs: LogStream) -> None:
        """Have the container replaced whenever it ends, as SageMaker does with an unhealthy one."""
        while not self._ending.wait(WATCH_SECONDS):
            container = self._container
            if container is None or (code := container.wait(timeout=0)) is None:
                continue
            logger.warning("%s ended with exit code %s", self._container_name, code)
            self._server = None
            while not self._ending.is_set():
                self._remove()
                try:
                    self._start(logs, self._ending)
                    break
                except VariantFailure as failure:
                    logger.warning("%s: %s", self._container_name, failure)
                    self._ending.wait(AGAIN_SECONDS)

    def _remove(self) -> None:
        if self._container is not None:
            self._container.stop()
            self._container.remove()
            self._container = None
