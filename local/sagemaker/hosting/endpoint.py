"""One endpoint: Creating to InService or Failed, Updating to the new configuration or back.

An update is blue/green unless it is rolling: what is new is started and healthy before traffic goes
over to it, and what is no longer needed answers what it was asked before it is stopped.
"""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from ministack.core.concurrency import spawn_background

from local.runners import Runner
from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.hosting import async_inference, data_capture
from local.sagemaker.hosting.backlog import Backlog
from local.sagemaker.hosting.deployment_plan import Plan, plan_of, rollback_of
from local.sagemaker.hosting.fleet import Fleet, Models, Route, fleet_of
from local.sagemaker.hosting.host import VariantFailure
from local.sagemaker.hosting.metrics import Metrics
from local.sagemaker.hosting.rollout import Alarms, Rollout, UpdateFailure
from local.sagemaker.hosting.update import Update
from local.sagemaker.hosting.variants import Variant, choose
from local.sagemaker.records import LOCK, Record
from local.sagemaker.roles import RoleSession
from local.sagemaker.validation import now

logger = logging.getLogger(__name__)


class Endpoint:
    """Keeps the record current and the variants running."""

    def __init__(self, name: str, endpoint_arn: str, runner: Runner, metrics: Metrics) -> None:
        time = now()
        self.record: Record = {
            "EndpointName": name,
            "EndpointArn": endpoint_arn,
            "EndpointStatus": "Creating",
            "CreationTime": time,
            "LastModifiedTime": time,
        }
        self.capture = data_capture.DataCapture(name)
        self.backlog = Backlog(name, lambda: self.variant(None))
        self._runner = runner
        self._metrics = metrics
        self._fleet: Fleet | None = None
        self._new: Fleet | None = None
        self._new_since = time
        self._routes: tuple[Route, ...] = ()
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None

    def deploy(
        self,
        config: Record,
        models: Models,
        deployment_config: Record | None,
        kept: Mapping[str, Record],
    ) -> None:
        """Start the fleet of a configuration and let it take over, on another thread.

        `kept` holds weights and instance counts by variant that go before the configuration's.
        """
        name = self.record["EndpointName"]
        fleet = fleet_of(
            config, models, name, runner=self._runner, metrics=self._metrics, there=self._fleet
        )
        for variant in fleet.everything:
            variant.desire(kept.get(variant.name, {}))
        if self._fleet is None:
            self.record["EndpointConfigName"] = fleet.config_name
        if deployment_config is not None:
            self.record["LastDeploymentConfig"] = deployment_config
        self.record.pop("FailureReason", None)
        fleet.enter("Creating")
        self._new, self._new_since = fleet, now()
        # A DeploymentConfig of CreateEndpoint is only for updates to come.
        plan = plan_of(deployment_config if self._fleet else None, fleet.counts)
        role_arn = next(iter(models.values()))["ExecutionRoleArn"]
        self._enter("Updating" if self._fleet else "Creating")
        cloudwatch = cache(lambda: RoleSession(role_arn, "deployment").client("cloudwatch"))
        self._spawn(self._deploy, self._fleet, fleet, plan, Alarms(plan.alarms, cloudwatch))

    def resize(self, desired: list[Record]) -> None:
        """Change weights and instance counts, on another thread; what runs goes on."""
        fleet = self._fleet_in_service()
        running = {variant.name: variant for variant in fleet.everything}
        for change in desired:
            if change["VariantName"] not in running:
                raise invalid(
                    f'Could not find variant "{change["VariantName"]}" of endpoint '
                    f'"{self.record["EndpointArn"]}".'
                )
            running[change["VariantName"]].assert_desirable(
                change, asynchronous="AsyncInferenceConfig" in fleet.config
            )
        for change in desired:
            running[change["VariantName"]].desire(change)
        self._enter("Updating")
        self._spawn(self._resize, fleet)

    def delete(self, deleted: Callable[[], object]) -> None:
        """Stop the variants, also starting ones, then call `deleted`, on another thread."""
        self._cancelled.set()
        self._enter("Deleting")
        self._spawn(self._delete, self._thread, deleted)

    def current_properties(self) -> dict[str, Record]:
        """Return each variant's weight and instance count, as UpdateEndpoint can retain them."""
        return {variant.name: variant.desired() for variant in self._fleet_in_service().everything}

    def describe(self) -> Record:
        """DescribeEndpoint's answer."""
        with LOCK:
            running = self._fleet.summary() if self._fleet else {}
            config = self._fleet.config if self._fleet else {}
            pending = self._new.pending_summary(self._new_since) if self._new else None
            return {
                **self.record,
                **running,
                **({"PendingDeploymentSummary": pending} if pending else {}),
                **data_capture.described(config),
                **async_inference.described(config),
            }

    def variant(self, target: str | None) -> Variant:
        """Return the variant that answers: the target, or one by weight. Raises SageMakerError."""
        routes = self._routes
        if self.record["EndpointStatus"] in ("Creating", "Failed", "Deleting") or not routes:
            raise SageMakerError(
                "ValidationError",
                f"Endpoint {self.record['EndpointName']} is not in service: its status is "
                f"{self.record['EndpointStatus']}.",
            )
        number = random.random()  # noqa: S311 - traffic, not a secret
        if target is None:
            return choose(routes, number).variant
        # Of both fleets of an update, each with its share of what is asked of the variant.
        asked = [Route(r.variant, r.share, r.share) for r in routes if r.variant.name == target]
        if not asked:
            raise SageMakerError(
                "ValidationError",
                f"Variant {target} does not exist for endpoint {self.record['EndpointName']}.",
            )
        return choose(asked, number).variant

    def _fleet_in_service(self) -> Fleet:
        assert self._fleet is not None
        return self._fleet

    def _spawn(self, target: Callable[..., None], *arguments: Any) -> None:
        self._thread = spawn_background(
            target, *arguments, thread_name=f"endpoint {self.record['EndpointName']}"
        )

    def _deploy(self, old: Fleet | None, new: Fleet, plan: Plan, alarms: Alarms) -> None:
        def route(routes: tuple[Route, ...]) -> None:
            self._routes = routes

        update = Update(old, new, plan, route, self._cancelled)
        rollout = Rollout(plan, update, alarms, self._cancelled)
        try:
            rollout.run()
        except Exception as error:
            if not isinstance(error, VariantFailure | UpdateFailure):
                logger.exception("endpoint %s", self.record["EndpointName"])
            self._give_up(old, new, plan, rollout, str(error))
            return
        with LOCK:
            new.enter(None)
            self._fleet, self._new = new, None
            self._route_all(new)
            self._enter("InService", EndpointConfigName=new.config_name)
        self.backlog.open_if_asynchronous(new.variants)
        if old is not None:
            old.stop(new)
        self.capture.flush()

    def _give_up(
        self, old: Fleet | None, new: Fleet, plan: Plan, rollout: Rollout, reason: str
    ) -> None:
        # As on AWS, an update that failed is InService again, on its old configuration; only
        # EndpointConfigName and FailureReason tell that it is not what was asked for.
        if old is not None:
            self._enter("RollingBack", FailureReason=reason[:1024])
            if rollout.reached:
                rollout.back(rollback_of(plan, rollout.reached, new.counts))
        new.enter("Deleting")
        new.stop(old)
        with LOCK:
            self._new = None
            for variant in old.everything if old else ():
                variant.settle()
            self._enter("InService" if old else "Failed", FailureReason=reason[:1024])

    def _resize(self, fleet: Fleet) -> None:
        with LOCK:
            for variant in fleet.everything:
                variant.settle()
            self._route_all(fleet)
            self._enter("InService")

    def _route_all(self, fleet: Fleet) -> None:
        everything = {variant.name: Fraction(1) for variant in fleet.variants}
        self._routes = tuple(fleet.routes(everything))

    def _delete(self, under_way: threading.Thread | None, deleted: Callable[[], object]) -> None:
        if under_way is not None:
            under_way.join()
        self.backlog.close()
        fleet, self._fleet, self._routes = self._fleet, None, ()
        if fleet is not None:
            fleet.stop()
        self.capture.close()
        deleted()

    def _enter(self, status: str, **members: Any) -> None:
        with LOCK:
            if self._cancelled.is_set():
                status = "Deleting"  # what was under way comes to its end meanwhile
            self.record.update(members, EndpointStatus=status, LastModifiedTime=now())
