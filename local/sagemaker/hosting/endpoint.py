"""One endpoint: Creating to InService or Failed, Updating to the new configuration or back.

An update is blue/green: what is new is started and healthy before the traffic goes over to it, and
what is no longer needed answers what it was asked before it is stopped.
"""

import logging
import random
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.concurrency import spawn_background

from local.runners import Runner
from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.hosting.variants import Host, Variant, VariantFailure, choose
from local.sagemaker.records import LOCK, Record
from local.sagemaker.validation import now

logger = logging.getLogger(__name__)


class Endpoint:
    """Keeps the record current and the variants running."""

    def __init__(self, name: str, endpoint_arn: str, runner: Runner) -> None:
        time = now()
        self.record: Record = {
            "EndpointName": name,
            "EndpointArn": endpoint_arn,
            "EndpointStatus": "Creating",
            "CreationTime": time,
            "LastModifiedTime": time,
        }
        self._runner = runner
        self._variants: tuple[Variant, ...] = ()
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None

    def deploy(
        self,
        config: Record,
        models: dict[str, Record],
        deployment_config: Record | None,
        kept: dict[str, Record] | None = None,
    ) -> None:
        """Start the variants of a configuration and let them take over, on another thread.

        `kept` holds weights and instance counts by variant that go before the configuration's.
        """
        self._enter("Updating" if self._variants else "Creating")
        if not self._variants:
            self.record["EndpointConfigName"] = config["EndpointConfigName"]
        variants = tuple(
            Variant(given, self._host(given, models[given["VariantName"]]))
            for given in config["ProductionVariants"]
        )
        for variant in variants:
            properties = (kept or {}).get(variant.name, {})
            variant.weight = properties.get("DesiredWeight", variant.weight)
            variant.instance_count = properties.get("DesiredInstanceCount", variant.instance_count)
        self._spawn(self._deploy, config["EndpointConfigName"], variants, deployment_config)

    def resize(self, desired: list[Record]) -> None:
        """Change weights and instance counts; what runs goes on."""
        running = {variant.name: variant for variant in self._variants}
        for change in desired:
            if change["VariantName"] not in running:
                raise invalid(
                    f'Could not find variant "{change["VariantName"]}" of endpoint '
                    f'"{self.record["EndpointArn"]}".'
                )
        for change in desired:
            variant = running[change["VariantName"]]
            variant.weight = change.get("DesiredWeight", variant.weight)
            variant.instance_count = change.get("DesiredInstanceCount", variant.instance_count)
        self._enter("InService")

    def delete(self, deleted: Callable[[], object]) -> None:
        """Stop the variants, also starting ones, then call `deleted`, on another thread."""
        self._cancelled.set()
        self._enter("Deleting")
        self._spawn(self._delete, self._thread, deleted)

    def current_properties(self) -> dict[str, Record]:
        """Return each variant's weight and instance count, as UpdateEndpoint can retain them."""
        return {
            variant.name: {
                "DesiredWeight": variant.weight,
                "DesiredInstanceCount": variant.instance_count,
            }
            for variant in self._variants
        }

    def describe(self) -> Record:
        """DescribeEndpoint's answer."""
        with LOCK:
            variants = [_summary(variant) for variant in self._variants]
            return {**self.record, **({"ProductionVariants": variants} if variants else {})}

    def variant(self, target: str | None) -> Variant:
        """Return the variant that answers: the target, or one by weight. Raises SageMakerError."""
        variants = self._variants
        if self.record["EndpointStatus"] in ("Creating", "Failed", "Deleting") or not variants:
            raise SageMakerError(
                "ValidationError",
                f"Endpoint {self.record['EndpointName']} is not in service: its status is "
                f"{self.record['EndpointStatus']}.",
            )
        if target is None:
            return choose(variants, random.random())  # noqa: S311 - traffic, not a secret
        for variant in variants:
            if variant.name == target:
                return variant
        raise SageMakerError(
            "ValidationError",
            f"Variant {target} does not exist for endpoint {self.record['EndpointName']}.",
        )

    def _host(self, variant: Record, model: Record) -> Host:
        """Return what serves the variant: a host that does already, or else a new one."""
        running = (old.host for old in self._variants if old.host.serves(variant, model))
        new = Host(self.record["EndpointName"], variant, model, self._runner)
        return next(running, new)

    def _spawn(self, target: Callable[..., None], *arguments: Any) -> None:
        self._thread = spawn_background(
            target, *arguments, thread_name=f"endpoint {self.record['EndpointName']}"
        )

    def _deploy(
        self, config: str, variants: tuple[Variant, ...], deployment_config: Record | None
    ) -> None:
        try:
            for host in _only(variants, self._variants):
                host.start(self._cancelled)
        except Exception as error:
            if not isinstance(error, VariantFailure):
                logger.exception("endpoint %s", self.record["EndpointName"])
            self._give_up(variants, str(error))
            return
        with LOCK:
            old, self._variants = self._variants, variants
            last = {"LastDeploymentConfig": deployment_config} if deployment_config else {}
            self.record.pop("FailureReason", None)
            self._enter("InService", EndpointConfigName=config, **last)
        for host in _only(old, variants):
            host.stop()

    def _give_up(self, variants: tuple[Variant, ...], reason: str) -> None:
        # As on AWS, an update that failed is InService again, on its old configuration; only
        # EndpointConfigName and FailureReason tell that it is not what was asked for.
        for host in _only(variants, self._variants):
            host.stop()
        self._enter("InService" if self._variants else "Failed", FailureReason=reason[:1024])

    def _delete(self, under_way: threading.Thread | None, deleted: Callable[[], object]) -> None:
        if under_way is not None:
            under_way.join()
        old, self._variants = self._variants, ()
        for variant in old:
            variant.host.stop()
        deleted()

    def _enter(self, status: str, **members: Any) -> None:
        with LOCK:
            self.record.update(members, EndpointStatus=status, LastModifiedTime=now())


def _only(variants: tuple[Variant, ...], others: tuple[Variant, ...]) -> list[Host]:
    """Return the hosts of variants that others do not share."""
    shared = [variant.host for variant in others]
    return [variant.host for variant in variants if variant.host not in shared]


def _summary(variant: Variant) -> Record:
    image = variant.host.image
    return {
        "VariantName": variant.name,
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image}],
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight,
        "CurrentInstanceCount": variant.instance_count,
        "DesiredInstanceCount": variant.instance_count,
    }
