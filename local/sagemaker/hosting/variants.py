"""The variants of an endpoint, and the choice of the one that answers."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.hosting.async_inference import is_asynchronous
from local.sagemaker.hosting.host import Host
from local.sagemaker.hosting.metrics import Count, Invocation, Value
from local.sagemaker.hosting.serverless import Concurrency
from local.sagemaker.model_server import Answer
from local.sagemaker.records import Record


class Variant:
    """A variant of an endpoint: its weight, and the host that answers for it."""

    def __init__(self, given: Record, host: Host, count: Count) -> None:
        self.name: str = given["VariantName"]
        self.weight: float = given["InitialVariantWeight"]
        self.desired_weight = self.weight
        self.instance_count: int = given.get("InitialInstanceCount", 0)
        """How many it is to have, none if it is serverless; it has `current_instances`."""
        self.current_instances = 0
        self.serverless: Record | None = given.get("ServerlessConfig")
        self.host = host
        self.config: Record = {}
        """The endpoint configuration that it is of."""
        self.shadow: Variant | None = None
        self._instance_type: Record = {k: given[k] for k in ("InstanceType",) if k in given}
        self._current_serverless = self.serverless
        self._concurrency = Concurrency(None)
        self._count = count

    def assert_desirable(self, change: Record, *, asynchronous: bool) -> None:
        """Raise SageMakerError unless a DesiredWeightAndCapacity is of its kind.

        Only the requests of an asynchronous endpoint can wait for an instance.
        """
        members = {True: "DesiredInstanceCount", False: "ServerlessUpdateConfig"}
        if (member := members[self.serverless is not None]) in change:
            kind = "is serverless" if self.serverless else "has instances"
            raise invalid(f"Variant {self.name} {kind}, and takes no {member}")
        update = (self.serverless or {}) | change.get("ServerlessUpdateConfig", {})
        if update.get("ProvisionedConcurrency", 0) > update.get("MaxConcurrency", 0):
            raise invalid(
                f"ProvisionedConcurrency of variant {self.name} must be at most its "
                f"MaxConcurrency, {update['MaxConcurrency']}; found "
                f"{update['ProvisionedConcurrency']}"
            )
        if change.get("DesiredInstanceCount") == 0 and not asynchronous:
            raise invalid(
                f"DesiredInstanceCount of variant {self.name} must be at least 1, found 0"
            )

    def desire(self, properties: Record) -> None:
        """Take what DesiredWeightAndCapacity has of it; `settle` makes it what is."""
        self.desired_weight = properties.get("DesiredWeight", self.desired_weight)
        self.instance_count = properties.get("DesiredInstanceCount", self.instance_count)
        if self.serverless is not None:
            self.serverless = self.serverless | properties.get("ServerlessUpdateConfig", {})

    def settle(self) -> None:
        """Have what is desired."""
        self.weight = self.desired_weight
        self.current_instances = self.instance_count
        self._current_serverless = self.serverless
        if self.serverless is not None:
            self._concurrency.limit = self.serverless["MaxConcurrency"]

    def load(self) -> Iterator[Value]:
        """Yield the metrics of how many requests there are at the moment.

        A serverless variant and an asynchronous one have no ConcurrentRequestsPerModel:
        https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-monitoring.html,
        https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
        """
        running = self._concurrency.running
        if serverless := self._current_serverless:
            most, provisioned = (
                serverless["MaxConcurrency"],
                serverless.get("ProvisionedConcurrency"),
            )
            yield "ServerlessConcurrentExecutionsUtilization", "None", running / most
            if provisioned:
                yield "ServerlessProvisionedConcurrencyExecutions", "Count", running
                yield "ServerlessProvisionedConcurrencyUtilization", "None", running / provisioned
        elif not is_asynchronous(self):
            yield "ConcurrentRequestsPerModel", "Count", running / max(self.current_instances, 1)

    def desired(self) -> Record:
        """Return the properties that UpdateEndpoint can retain."""
        weight: Record = {"DesiredWeight": self.desired_weight}
        if self.serverless is not None:
            return weight
        return weight | {"DesiredInstanceCount": self.instance_count}

    def summary(self) -> Record:
        """Return its ProductionVariantSummary."""
        image = self.host.image
        capacity: Record = {"CurrentInstanceCount": self.current_instances}
        if self.serverless is not None:
            capacity = {"CurrentServerlessConfig": self._current_serverless}
            if self.serverless != self._current_serverless:
                capacity["DesiredServerlessConfig"] = self.serverless
        return {
            "VariantName": self.name,
            "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image}],
            "CurrentWeight": self.weight,
            **capacity,
            **self.desired(),
        }

    def pending_summary(self) -> Record:
        """Return its PendingProductionVariantSummary."""
        return self.summary() | self._instance_type

    def invoke(
        self, body: bytes, headers: Mapping[str, str], timeout: float, received: float
    ) -> Answer:
        """Ask the model, and count it in CloudWatch.

        `timeout` is in seconds; `received` is when the request came, by time.monotonic. Raises
        RetiredError; SageMakerError when it has too many requests already; TimeoutError; OSError
        when the container is gone.
        """
        asked = time.monotonic()

        def count(status: int) -> None:
            seconds, waited = time.monotonic() - asked, asked - received
            instances, queued = self.current_instances, is_asynchronous(self)
            self._count(Invocation(status, seconds, waited, instances, queued))

        try:
            with self._concurrency:
                answer = self.host.invoke(body, headers, timeout)
        except OSError:
            count(status=0)
            raise
        count(answer.status)
        return answer


class Weighted(Protocol):
    """What is chosen by its weight."""

    @property
    def weight(self) -> float:
        """Its share is this by the sum of all."""


W = TypeVar("W", bound=Weighted)


def choose(candidates: Sequence[W], number: float) -> W:
    """Return the candidate at `number`, from 0 to 1, of the weights laid end to end."""
    total = sum(candidate.weight for candidate in candidates)
    if total == 0:
        raise SageMakerError("ValidationError", "every production variant has the weight 0")
    reached = 0.0
    for candidate in candidates:
        reached += candidate.weight
        if number * total < reached:
            return candidate
    return [candidate for candidate in candidates if candidate.weight > 0][-1]
