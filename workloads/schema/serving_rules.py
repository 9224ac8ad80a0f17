"""Which ways of serving go together: what SageMaker refuses, or drops in silence, is said here.

Shadow variants: https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests-exclusions.html
Guarded updates:
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
Serverless: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic_core import InitErrorDetails

from workloads.schema.autoscaling import Autoscaling
from workloads.schema.deployment import MOST_ALARMS, STEP_PERCENTS, Alarms, Deployment
from workloads.schema.hosting import ShadowVariant, Variant
from workloads.schema.section import not_allowed, problem

if TYPE_CHECKING:
    from workloads.schema.workload import Workload

Problems = Iterator[InitErrorDetails]


def misfits(workload: "Workload") -> Problems:
    """Yield every combination that does not work, at the key that is to go."""
    if any(variant.serverless for variant in workload.variants):
        yield from _with_serverless(workload)
    if workload.async_inference is not None:
        yield from _with_async_inference(workload)
    if workload.shadow_variant is not None:
        yield from _with_shadow_variant(workload, workload.shadow_variant)
    if workload.deployment is not None:
        yield from _with_deployment(workload, workload.deployment)
    if workload.alarms is not None:  # with a deployment there are always some
        why = "with Inf1 SageMaker ignores [deployment] and [alarms] in silence"
        yield from _without_inf1(workload, why)
    if workload.alarms is not None:
        yield from _with_alarms(workload.variants, workload.alarms)
    yield from _with_autoscaling(workload)


def _with_serverless(workload: "Workload") -> Problems:
    if len(workload.variants) > 1:
        for at, variant in enumerate(workload.variants):
            if variant.serverless:
                there = "only in the one variant of an endpoint"
                key = "variants", at, "serverless"
                yield problem(f"found among several variants; allowed: {there}", *key)
    tables = ["shadow_variant", "deployment", "data_capture", "async_inference"]
    if workload.deployment is None:  # which brings alarms that the file need not have
        tables.append("alarms")
    for table in tables:
        if getattr(workload, table) is not None:
            yield problem("found with serverless; allowed: only with instances", table)
    for name in {variant.model for variant in workload.variants if variant.serverless}:
        if name in workload.models and workload.models[name].network_isolation:
            there = "false with serverless, whose models have a network"
            yield not_allowed(True, there, "models", name, "network_isolation")


def _with_async_inference(workload: "Workload") -> Problems:
    if len(workload.variants) > 1:
        there = "one variant, as an asynchronous request cannot name the one that it is for"
        yield problem(f"found {len(workload.variants)}; allowed: {there}", "variants")
    for table, why in (
        ("shadow_variant", "SageMaker does not copy asynchronous requests"),
        ("data_capture", "asynchronous requests and answers lie in S3 anyway"),
    ):
        if getattr(workload, table) is not None:
            there = f"only without it, as {why}"
            yield problem(f"found with async_inference; allowed: {there}", table)


def _with_shadow_variant(workload: "Workload", shadow: ShadowVariant) -> Problems:
    if len(workload.variants) > 1:
        there = "exactly one beside a shadow variant"
        yield problem(f"found {len(workload.variants)}; allowed: {there}", "variants")
    if shadow.name in {variant.name for variant in workload.variants}:
        there = "a name that no other variant has"
        yield not_allowed(shadow.name, there, "shadow_variant", "name")
    yield from _without_inf1(workload, "an endpoint with Inf1 has no shadow variant")


def _with_deployment(workload: "Workload", deployment: Deployment) -> Problems:
    several = len(workload.variants) > 1 or workload.shadow_variant is not None
    if deployment.strategy == "ROLLING" and several:
        there = '"ALL_AT_ONCE", "CANARY", "LINEAR" with several variants'
        yield not_allowed(deployment.strategy, there, "deployment", "strategy")
    if deployment.step_instances is not None:
        yield from _of_a_fleet(deployment.step_instances, deployment.strategy, workload.variants)


def _of_a_fleet(step: int, strategy: str, variants: tuple[Variant, ...]) -> Problems:
    """Yield a step that is too large for the smallest fleet that there may be, or too small.

    The limits are percents of a variant's instances, whose number autoscaling changes.
    """
    if strategy not in STEP_PERCENTS:
        return  # it has no steps, as the deployment itself says
    low, high = STEP_PERCENTS[strategy]
    fewest = min(variant.fewest_instances for variant in variants)
    most = max(variant.most_instances for variant in variants)
    key = "deployment", "step_instances"
    if step * 100 > high * fewest:
        there = f"at most {high} percent of a variant's instances, of which there may be {fewest}"
        yield not_allowed(step, f"{there}: step_percent fits any number", *key)
    elif strategy != "CANARY" and step * 100 < low * most:  # a canary may be as small as it likes
        there = f"at least {low} percent of a variant's instances, of which there may be {most}"
        yield not_allowed(step, f"{there}: step_percent fits any number", *key)


def _with_alarms(variants: tuple[Variant, ...], alarms: Alarms) -> Problems:
    count = alarms.count(len(variants))
    if count > MOST_ALARMS:
        there = f"at most {MOST_ALARMS}, on all variants and of your own together"
        yield problem(f"found {count} alarms; allowed: {there}", "alarms")


def _with_autoscaling(workload: "Workload") -> Problems:
    scaled = [variant.autoscaling is not None for variant in workload.variants]
    if any(scaled) and not all(scaled):
        there = "in all variants or in none, as a deploy keeps the counts of all or of none"
        yield problem(f"missing; allowed: {there}", "variants", scaled.index(False), "autoscaling")
    waiting = workload.async_inference is not None
    for at, variant in enumerate(workload.variants):
        scaling = variant.autoscaling
        if scaling is None:
            continue
        key = "variants", at, "autoscaling"
        kind, policies = _policies(variant, waiting=waiting)
        if scaling.policy is not None and scaling.policy not in policies:
            there = f"{', '.join(policies)} there"
            yield problem(f"found {kind}; allowed: {there}", *key, scaling.policy)
        for where in _scaled_to_nothing(scaling):
            if not waiting:
                there = "at least 1, as only asynchronous requests can wait for an instance"
                yield not_allowed(0, there, *key, *where, "min_capacity")


def _policies(variant: Variant, *, waiting: bool) -> tuple[str, tuple[str, ...]]:
    """Return the kind of a variant, and the keys of the policies that there are for it."""
    if variant.serverless is not None:
        return "with serverless", ("provisioned_concurrency_utilization",)
    if waiting:  # https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
        return "with async_inference", ("backlog_per_instance",)
    real_time = "invocations_per_instance", "concurrent_requests_per_instance", "steps"
    return "with instances that answer at once", real_time


def _scaled_to_nothing(scaling: Autoscaling) -> Iterator[tuple[str | int, ...]]:
    """Yield where a minimum of 0 is."""
    if scaling.min_capacity == 0:
        yield ()
    for at, schedule in enumerate(scaling.schedule):
        if schedule.min_capacity == 0:
            yield "schedule", at


def _without_inf1(workload: "Workload", why: str) -> Problems:
    found: list[tuple[str, tuple[str | int, ...]]] = [
        (variant.instance_type, ("variants", at)) for at, variant in enumerate(workload.variants)
    ]
    if workload.shadow_variant is not None:
        found.append((workload.shadow_variant.instance_type, ("shadow_variant",)))
    for instance_type, key in found:
        if instance_type.startswith("ml.inf1."):
            yield not_allowed(instance_type, f"another type: {why}", *key, "instance_type")
