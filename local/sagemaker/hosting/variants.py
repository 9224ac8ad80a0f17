"""The model servers of an endpoint, and the choice of the variant that answers."""

import logging
import random
import threading
from collections.abc import Mapping, Sequence

from botocore.exceptions import BotoCoreError, ClientError

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

logger = logging.getLogger(__name__)


class VariantFailure(Exception):  # noqa: N818 - an outcome, in SageMaker's word
    """A variant did not come up; the text is the endpoint's FailureReason."""


class Variant:
    """One production variant: its weight, and the host that answers for it."""

    def __init__(self, variant: Record, host: "Host") -> None:
        self.name: str = variant["VariantName"]
        self.weight: float = variant["InitialVariantWeight"]
        self.instance_count: int = variant["InitialInstanceCount"]
        self.host = host


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
        self._idle = threading.Condition()

    def serves(self, variant: Record, model: Record) -> bool:
        """Whether it runs, and is what a variant of another configuration asks for.

        SageMaker starts a new fleet for each configuration, also where only a weight differs. Here
        that would load the same model into the same program: nothing that a client could tell.
        """
        same = ("VariantName", "InstanceType", "ContainerStartupHealthCheckTimeoutInSeconds")
        runs = self._container is not None and self._container.wait(timeout=0) is None
        return (
            runs
            and self._model is model
            and all(self._variant.get(member) == variant.get(member) for member in same)
        )

    def start(self, cancelled: threading.Event) -> None:
        """Start the model server and wait until it is healthy. Raises VariantFailure."""
        name = self._variant["VariantName"]
        role = RoleSession(self._model["ExecutionRoleArn"], name)
        startup = self._variant.get("ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_TIMEOUT)
        self._logs = LogStream(role.client("logs"), self.log_group, self.log_stream)
        try:
            self._container = self._runner.create(
                ContainerSpec(
                    name=self._container_name,
                    image=self.image,
                    arguments=["serve"],
                    ecr=role.client("ecr"),
                    log=self._logs.line,
                    environment=container_of(self._model).get("Environment", {}),
                )
            )
            self._server = ModelServer(self._container, self._model)
            self._server.start(role.client("s3"), startup, cancelled.is_set)
        except UnhealthyError as error:
            raise VariantFailure(
                f"The primary container for production variant {name} {error}. Please check "
                "CloudWatch logs for this endpoint."
            ) from error
        except (ImageError, SageMakerError, ClientError, BotoCoreError, OSError) as error:
            raise VariantFailure(
                f"Failed to start the container for production variant {name}: {error}"
            ) from error

    def invoke(self, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
        """See ModelServer.invoke."""
        assert self._server is not None
        with self._idle:
            self._in_flight += 1
        try:
            return self._server.invoke(body, headers, timeout)
        finally:
            with self._idle:
                self._in_flight -= 1
                self._idle.notify_all()

    def stop(self) -> None:
        """Let running invocations end, then stop the model server and delete what it had."""
        with self._idle:
            self._idle.wait_for(lambda: self._in_flight == 0, timeout=DRAIN)
        if self._container is not None:
            self._container.stop()
            self._container.remove()
            self._container = None
        if self._logs is not None:
            self._logs.close()


def choose(variants: Sequence[Variant], number: float) -> Variant:
    """Return the variant at `number`, from 0 to 1, of the weights laid end to end."""
    total = sum(variant.weight for variant in variants)
    if total == 0:
        raise SageMakerError("ValidationError", "every production variant has the weight 0")
    reached = 0.0
    for variant in variants:
        reached += variant.weight
        if number * total < reached:
            return variant
    return [variant for variant in variants if variant.weight > 0][-1]
