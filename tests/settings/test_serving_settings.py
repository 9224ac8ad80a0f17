"""How a variant serves: what its tables may hold, and what they hold by default."""

import pytest

from tests.settings.project import SettingsProject
from tests.settings.serving import M5, TRACKING, loaded, problems
from workloads.schema import Serverless

POLICIES = (
    "invocations_per_instance, concurrent_requests_per_instance, backlog_per_instance, "
    "provisioned_concurrency_utilization, steps"
)
CRON = (
    "six fields of AWS's cron, ? in exactly one of the third and the fifth: "
    '"0 20 ? * MON-FRI *" is 20:00 from Monday to Friday'
)
CAPACITY = "an integer from 0 to 1000"
SIZES = "1024, 2048, 3072, 4096, 5120, 6144"


def scaled(keys: str) -> str:
    """A variant with autoscaling of those keys."""
    return f"{M5}\nautoscaling = {{ {keys} }}"


def scheduled(cron: str) -> str:
    """A variant with one schedule."""
    each = f'{{ cron = "{cron}", min_capacity = 1, max_capacity = 2 }}'
    return scaled(f"max_capacity = 4, schedule = [{each}]")


VARIANTS = {
    # serverless
    "a memory that there is not": (
        "serverless = { memory_size_mb = 1000 }",
        f"serverless.memory_size_mb: found 1000; allowed: {SIZES}",
    ),
    "a concurrency above SageMaker's": (
        "serverless = { max_concurrency = 201 }",
        "serverless.max_concurrency: found 201; allowed: an integer from 1 to 200",
    ),
    "no concurrency kept ready": (
        "serverless = { provisioned_concurrency = 0 }",
        "serverless.provisioned_concurrency: found 0; allowed: an integer from 1 to 200",
    ),
    "more kept ready than there may be": (
        "serverless = { max_concurrency = 5, provisioned_concurrency = 6 }",
        "serverless.provisioned_concurrency: found 6; allowed: at most max_concurrency, 5",
    ),
    "serverless that is no table": (
        "serverless = true",
        "serverless: found true; allowed: a table of memory_size_mb, max_concurrency, "
        "provisioned_concurrency",
    ),
    "a type of instances beside serverless": (
        f"serverless = {{}}\n{M5}",
        "instance_type: found with serverless; allowed: only for instances",
    ),
    "a number of instances beside serverless": (
        "serverless = {}\ninstance_count = 1",
        "instance_count: found with serverless; allowed: only for instances",
    ),
    "a time to start beside serverless": (
        "serverless = {}\nstartup_timeout = 300",
        "startup_timeout: found with serverless; allowed: only for instances",
    ),
    # autoscaling
    "autoscaling without its end": (
        scaled("invocations_per_instance = 200"),
        f"autoscaling.max_capacity: missing; allowed: {CAPACITY}",
    ),
    "autoscaling by nothing": (
        scaled("max_capacity = 4"),
        f"autoscaling: found none; allowed: one of {POLICIES}, or a schedule",
    ),
    "autoscaling by two things": (
        scaled(
            "max_capacity = 4, invocations_per_instance = 9, concurrent_requests_per_instance = 3"
        ),
        "autoscaling: found invocations_per_instance and concurrent_requests_per_instance; "
        f"allowed: one of {POLICIES}",
    ),
    "a least capacity above the most": (
        scaled("min_capacity = 5, max_capacity = 4, invocations_per_instance = 200"),
        "autoscaling.min_capacity: found 5; allowed: at most max_capacity, 4",
    ),
    "a most capacity of nothing": (
        scaled("min_capacity = 0, max_capacity = 0, invocations_per_instance = 200"),
        "autoscaling.max_capacity: found 0; allowed: at least 1",
    ),
    "a target of nothing": (
        scaled("max_capacity = 4, invocations_per_instance = 0"),
        "autoscaling.invocations_per_instance: found 0; allowed: a finite number above 0",
    ),
    "a share that is a percentage": (
        "serverless = { provisioned_concurrency = 2 }\n"
        "autoscaling = { max_capacity = 4, provisioned_concurrency_utilization = 70 }",
        "autoscaling.provisioned_concurrency_utilization: found 70; "
        "allowed: a number above 0, at most 1",
    ),
    "a cooldown of more than an hour": (
        scaled("max_capacity = 4, invocations_per_instance = 200, scale_in_cooldown = 3601"),
        "autoscaling.scale_in_cooldown: found 3601; allowed: an integer from 0 to 3600 (seconds)",
    ),
    "a cooldown of a schedule": (
        scheduled("0 20 ? * MON-FRI *").replace("4,", "4, scale_out_cooldown = 60,"),
        "autoscaling.scale_out_cooldown: found without what it slows down; "
        f"allowed: only with one of {POLICIES}",
    ),
    "two steps from one level on": (
        scaled("max_capacity = 4, steps = [{ above = 9, add = 1 }, { above = 9.0, add = 2 }]"),
        'autoscaling.steps[1].above: found "9" twice; allowed: each once',
    ),
    "a schedule of cron's five fields": (
        scheduled("0 20 * * MON-FRI"),
        f'autoscaling.schedule[0].cron: found "0 20 * * MON-FRI"; allowed: {CRON}',
    ),
    "a schedule of every day of the month and of the week": (
        scheduled("0 20 * * * *"),
        f'autoscaling.schedule[0].cron: found "0 20 * * * *"; allowed: {CRON}',
    ),
    "a schedule of no day": (
        scheduled("0 20 ? * ? *"),
        f'autoscaling.schedule[0].cron: found "0 20 ? * ? *"; allowed: {CRON}',
    ),
    "a schedule in no time zone": (
        scheduled("0 20 ? * * *").replace("cron", 'time_zone = "+01:00", cron'),
        'autoscaling.schedule[0].time_zone: found "+01:00"; '
        'allowed: a time zone of the IANA database such as "Europe/Berlin"',
    ),
    "a schedule with its ends exchanged": (
        scheduled("0 20 ? * * *").replace("min_capacity = 1", "min_capacity = 3"),
        "autoscaling.schedule[0].min_capacity: found 3; allowed: at most max_capacity, 2",
    ),
    # both
    "autoscaling of machines that are burstable": (
        TRACKING,
        'instance_type: found "ml.t2.medium"; allowed: a type that is not burstable (ml.t...): '
        "Application Auto Scaling leaves those alone",
    ),
    "a number to begin with that is not one of autoscaling": (
        f"{M5}\ninstance_count = 5\n{TRACKING}",
        "instance_count: found 5; "
        "allowed: from autoscaling.min_capacity to autoscaling.max_capacity, 1 to 4",
    ),
    "autoscaling of what is not kept ready": (
        "serverless = {}\n"
        "autoscaling = { max_capacity = 4, provisioned_concurrency_utilization = 0.7 }",
        "autoscaling: found without serverless.provisioned_concurrency; "
        "allowed: only with serverless.provisioned_concurrency, which is what is scaled",
    ),
    "more kept ready than autoscaling keeps": (
        "serverless = { provisioned_concurrency = 5 }\n"
        "autoscaling = { max_capacity = 4, provisioned_concurrency_utilization = 0.7 }",
        "serverless.provisioned_concurrency: found 5; "
        "allowed: from autoscaling.min_capacity to autoscaling.max_capacity, 1 to 4",
    ),
    "autoscaling beyond what there may be": (
        "serverless = { max_concurrency = 3, provisioned_concurrency = 1 }\n"
        "autoscaling = { max_capacity = 4, provisioned_concurrency_utilization = 0.7 }",
        "autoscaling.max_capacity: found 4; allowed: at most serverless.max_concurrency, 3",
    ),
    "a schedule beyond what there may be": (
        "serverless = { max_concurrency = 3, provisioned_concurrency = 1 }\n"
        "autoscaling = { max_capacity = 2, schedule = "
        '[{ cron = "0 8 ? * * *", min_capacity = 1, max_capacity = 9 }] }',
        "autoscaling.schedule[0].max_capacity: found 9; "
        "allowed: at most serverless.max_concurrency, 3",
    ),
}


@pytest.mark.parametrize("mistake", VARIANTS)
def test_a_mistake_in_a_variant_is_reported_by_its_key(
    project: SettingsProject, mistake: str
) -> None:
    lines, expected = VARIANTS[mistake]
    assert problems(project, lines) == [f"variants[0].{expected}"]


def test_a_variant_serves_from_instances_that_stay_by_default(project: SettingsProject) -> None:
    workload = loaded(project, "")
    (variant,) = workload.variants
    assert (variant.serverless, variant.autoscaling) == (None, None)
    assert workload.shadow_variant is None
    assert workload.deployment is None
    assert workload.alarms is None
    assert workload.data_capture is None
    assert workload.async_inference is None
    assert not workload.models["mars"].network_isolation


def test_serverless_has_defaults(project: SettingsProject) -> None:
    (variant,) = loaded(project, "serverless = {}").variants
    assert variant.serverless == Serverless(
        memory_size_mb=2048, max_concurrency=5, provisioned_concurrency=None
    )


def test_a_target_has_a_least_capacity_and_cooldowns(project: SettingsProject) -> None:
    (variant,) = loaded(project, f"{M5}\n{TRACKING}").variants
    scaling = variant.autoscaling
    assert scaling is not None
    assert scaling.policy == "invocations_per_instance"
    assert (scaling.min_capacity, scaling.max_capacity) == (1, 4)
    assert (scaling.scale_in_cooldown, scaling.scale_out_cooldown) == (300, 60)
    assert (scaling.steps, scaling.schedule) == ((), ())


def test_steps_and_schedules_load_as_they_are_written(project: SettingsProject) -> None:
    keys = "max_capacity = 4, steps = [{ above = 0, add = -1 }, { above = 90.5, add = 2 }], "
    keys += 'schedule = [{ cron = "0 20 ? * MON-FRI *", time_zone = "Europe/Berlin", '
    keys += "min_capacity = 2, max_capacity = 9 }]"
    (variant,) = loaded(project, scaled(keys)).variants
    scaling = variant.autoscaling
    assert scaling is not None
    assert scaling.policy == "steps"
    assert [(step.above, step.add) for step in scaling.steps] == [(0, -1), (90.5, 2)]
    assert scaling.schedule[0].time_zone == "Europe/Berlin"
    assert (variant.fewest_instances, variant.most_instances) == (1, 9)


def test_a_schedule_alone_scales_by_no_policy(project: SettingsProject) -> None:
    (variant,) = loaded(project, scheduled("0/15 8 1W * ? 2027")).variants
    assert variant.autoscaling is not None
    assert variant.autoscaling.policy is None


@pytest.mark.parametrize("instance_type", ["ml.t2.medium", "ml.t2.2xlarge"])
def test_no_burstable_family_is_scaled(project: SettingsProject, instance_type: str) -> None:
    (line,) = problems(project, f'instance_type = "{instance_type}"\n{TRACKING}')
    assert line.startswith(f'variants[0].instance_type: found "{instance_type}"; allowed: a type ')


def test_trainium_is_not_taken_for_burstable(project: SettingsProject) -> None:
    loaded(project, f'instance_type = "ml.trn1.2xlarge"\n{TRACKING}')


def test_a_number_that_is_left_out_is_none_of_autoscaling(project: SettingsProject) -> None:
    scaling = "min_capacity = 2, max_capacity = 4, invocations_per_instance = 200"
    loaded(project, scaled(scaling))
