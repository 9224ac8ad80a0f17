"""A fleet: all that runs of one endpoint configuration, and how DescribeEndpoint shows it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from local.runners import Runner
from local.sagemaker.hosting.deployment_plan import Shares
from local.sagemaker.hosting.host import Host
from local.sagemaker.hosting.metrics import Metrics
from local.sagemaker.hosting.variants import Variant
from local.sagemaker.records import Record
from local.sagemaker.validation import now

Models = Mapping[str, Record]
"""The model of each variant, by the variant's name."""


@dataclass(frozen=True)
class Route:
    """A variant that answers requests, beside another fleet's of the same name."""

    variant: Variant
    weight: float
    """Its part of the requests that ask for no variant."""
    share: float
    """Its part of the requests that ask for a variant of its name."""


class Fleet:
    """The variants of an endpoint configuration, running or about to."""

    def __init__(
        self,
        config: Record,
        variants: tuple[Variant, ...],
        shadows: tuple[Variant, ...],
        watch: Callable[[Variant], None] = lambda _: None,
        unwatch: Callable[[Variant], None] = lambda _: None,
    ) -> None:
        """Have `watch` and `unwatch` called with each variant as it starts and as it stops."""
        self.config = config
        self.variants = variants
        self.shadows = shadows
        self._watch, self._unwatch = watch, unwatch
        self._status: tuple[str, float] | None = None
        for variant in self.everything:
            variant.config = config

    @property
    def config_name(self) -> str:
        """The name of its endpoint configuration."""
        return str(self.config["EndpointConfigName"])

    @property
    def everything(self) -> tuple[Variant, ...]:
        """Its production and its shadow variants."""
        return self.variants + self.shadows

    @property
    def counts(self) -> dict[str, int]:
        """How many instances each production variant is to have."""
        return {variant.name: variant.instance_count for variant in self.variants}

    def start(self, cancelled: threading.Event, there: "Fleet | None") -> None:
        """Start what another fleet does not run already. Raises VariantFailure."""
        for host in self.hosts_beside(there):
            host.start(cancelled)
        for variant in self.everything:
            variant.settle()
            self._watch(variant)

    def stop(self, there: "Fleet | None" = None) -> None:
        """Stop what another fleet does not share; what it was asked is answered before."""
        for variant in self.everything:
            self._unwatch(variant)
        for host in self.hosts_beside(there):
            host.stop()

    def hosts_beside(self, other: "Fleet | None") -> list[Host]:
        """Return the hosts that another fleet does not share."""
        shared = [variant.host for variant in other.everything] if other else []
        return [variant.host for variant in self.everything if variant.host not in shared]

    def routes(self, shares: Shares) -> Iterator[Route]:
        """Yield what its variants answer when these shares of their requests go to them."""
        total = sum(variant.weight for variant in self.variants)
        for variant in self.variants:
            share = float(shares.get(variant.name, 0))
            if share > 0:
                yield Route(variant, share * variant.weight / total if total else 0.0, share)

    def roll(self, shares: Shares) -> None:
        """Have as many instances as these shares of its capacity need, in a rolling update."""
        for variant in self.variants:
            variant.current_instances = ceil(shares[variant.name] * variant.instance_count)

    def enter(self, status: str | None) -> None:
        """Show its variants in a VariantStatus of a deployment, or in none after it."""
        self._status = (status, now()) if status else None

    def summary(self) -> Record:
        """Return the members of DescribeEndpoint that are about it."""
        return self._members(Variant.summary)

    def pending_summary(self, started: float) -> Record:
        """Return the PendingDeploymentSummary of its deployment."""
        return {
            "EndpointConfigName": self.config_name,
            "StartTime": started,
            **self._members(Variant.pending_summary),
        }

    def _members(self, summary: Callable[[Variant], Record]) -> Record:
        status: Record = {}
        if self._status is not None:
            name, since = self._status
            status["VariantStatus"] = [{"Status": name, "StartTime": since}]
        return {
            member: [summary(variant) | status for variant in variants]
            for member, variants in (
                ("ProductionVariants", self.variants),
                ("ShadowProductionVariants", self.shadows),
            )
            if variants
        }


def fleet_of(
    config: Record,
    models: Models,
    endpoint: str,
    *,
    runner: Runner,
    metrics: Metrics,
    there: Fleet | None,
) -> Fleet:
    """Return the fleet of an endpoint configuration, with those hosts of another that serve it."""

    def variant(given: Record) -> Variant:
        model = models[given["VariantName"]]
        running = (old.host for old in (there.everything if there else ()))
        host = next((one for one in running if one.serves(given, model)), None)
        count = metrics.counter(endpoint, given["VariantName"], config["EndpointConfigName"])
        return Variant(given, host or Host(endpoint, given, model, runner), count)

    variants = tuple(variant(given) for given in config["ProductionVariants"])
    shadows = tuple(variant(given) for given in config.get("ShadowProductionVariants", []))
    for shadow in shadows:  # with one production variant
        variants[0].shadow = shadow
    name = config["EndpointConfigName"]
    return Fleet(
        config,
        variants,
        shadows,
        watch=lambda variant: metrics.watch(endpoint, variant.name, name, variant.load),
        unwatch=lambda variant: metrics.unwatch(variant.load),
    )
