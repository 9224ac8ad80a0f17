"""Ways of serving that do not go together are refused at the key that is to go."""

import pytest

from tests.settings.project import SettingsProject
from tests.settings.serving import M5, TRACKING, loaded, problems, written

SERVERLESS = "serverless = {}"
ASYNC = "[async_inference]"
SHADOW = '[shadow_variant]\nname = "next"'
INF1 = 'instance_type = "ml.inf1.xlarge"'
ALL_AT_ONCE = '[deployment]\nstrategy = "ALL_AT_ONCE"'
REAL_TIME = "invocations_per_instance, concurrent_requests_per_instance, steps"
ONLY_INSTANCES = "found with serverless; allowed: only with instances"


def rolled(strategy: str, size: str) -> str:
    return f'[deployment]\nstrategy = "{strategy}"\n{size}'


def scaled(keys: str) -> str:
    return f"{M5}\nautoscaling = {{ max_capacity = 4, {keys} }}"


REFUSED: dict[str, tuple[list[str], str, list[str]]] = {
    # serverless
    "serverless among several variants": (
        [SERVERLESS, ""],
        "",
        [
            "variants[0].serverless: found among several variants; "
            "allowed: only in the one variant of an endpoint"
        ],
    ),
    "serverless with what only instances have": (
        [SERVERLESS],
        f"{SHADOW}\n{ALL_AT_ONCE}\n[data_capture]\n{ASYNC}",
        [
            f"shadow_variant: {ONLY_INSTANCES}",
            f"deployment: {ONLY_INSTANCES}",
            f"data_capture: {ONLY_INSTANCES}",
            f"async_inference: {ONLY_INSTANCES}",
            "shadow_variant: found with async_inference; "
            "allowed: only without it, as SageMaker does not copy asynchronous requests",
            "data_capture: found with async_inference; "
            "allowed: only without it, as asynchronous requests and answers lie in S3 anyway",
        ],
    ),
    "serverless by what instances are scaled by": (
        [
            "serverless = { provisioned_concurrency = 1 }\n"
            "autoscaling = { max_capacity = 4, invocations_per_instance = 200 }"
        ],
        "",
        [
            "variants[0].autoscaling.invocations_per_instance: found with serverless; "
            "allowed: provisioned_concurrency_utilization there"
        ],
    ),
    # asynchronous
    "an asynchronous endpoint of two variants": (
        ["", ""],
        ASYNC,
        [
            "variants: found 2; "
            "allowed: one variant, as an asynchronous request cannot name the one that it is for"
        ],
    ),
    "an asynchronous endpoint by what others are scaled by": (
        [f"{M5}\n{TRACKING}"],
        ASYNC,
        [
            "variants[0].autoscaling.invocations_per_instance: found with async_inference; "
            "allowed: backlog_per_instance there"
        ],
    ),
    # shadow variants
    "a shadow of several variants": (
        ["", ""],
        SHADOW,
        ["variants: found 2; allowed: exactly one beside a shadow variant"],
    ),
    "a shadow of the variant's name": (
        [""],
        '[shadow_variant]\nname = "v0"',
        ['shadow_variant.name: found "v0"; allowed: a name that no other variant has'],
    ),
    "a shadow on Inferentia": (
        [""],
        f"{SHADOW}\n{INF1}",
        [
            'shadow_variant.instance_type: found "ml.inf1.xlarge"; '
            "allowed: another type: an endpoint with Inf1 has no shadow variant"
        ],
    ),
    "a shadow beside Inferentia": (
        [INF1],
        SHADOW,
        [
            'variants[0].instance_type: found "ml.inf1.xlarge"; '
            "allowed: another type: an endpoint with Inf1 has no shadow variant"
        ],
    ),
    # guarded updates
    "a rolling update of several variants": (
        ["", ""],
        rolled("ROLLING", "step_percent = 50"),
        [
            'deployment.strategy: found "ROLLING"; '
            'allowed: "ALL_AT_ONCE", "CANARY", "LINEAR" with several variants'
        ],
    ),
    "a rolling update with a shadow": (
        [""],
        f"{rolled('ROLLING', 'step_percent = 50')}\n{SHADOW}",
        [
            'deployment.strategy: found "ROLLING"; '
            'allowed: "ALL_AT_ONCE", "CANARY", "LINEAR" with several variants'
        ],
    ),
    "a guarded update on Inferentia": (
        [INF1],
        ALL_AT_ONCE,
        [
            'variants[0].instance_type: found "ml.inf1.xlarge"; allowed: another type: '
            "with Inf1 SageMaker ignores [deployment] and [alarms] in silence"
        ],
    ),
    "a step of more than half": (
        ["instance_count = 9", "instance_count = 3"],
        rolled("CANARY", "step_instances = 2"),
        [
            "deployment.step_instances: found 2; allowed: at most 50 percent of a variant's "
            "instances, of which there may be 3: step_percent fits any number"
        ],
    ),
    "a step of more than half of what autoscaling leaves": (
        [f"{M5}\ninstance_count = 4\n{TRACKING}"],
        rolled("ROLLING", "step_instances = 1"),
        [
            "deployment.step_instances: found 1; allowed: at most 50 percent of a variant's "
            "instances, of which there may be 1: step_percent fits any number"
        ],
    ),
    "a linear step of less than a tenth": (
        ["instance_count = 11"],
        rolled("LINEAR", "step_instances = 1"),
        [
            "deployment.step_instances: found 1; allowed: at least 10 percent of a variant's "
            "instances, of which there may be 11: step_percent fits any number"
        ],
    ),
    # alarms
    "more alarms than end an update": (
        [""] * 6,
        f"{ALL_AT_ONCE}\n[alarms]\nmodel_latency_ms = 500",
        ["alarms: found 12 alarms; allowed: at most 10, on all variants and of your own together"],
    ),
    "alarms on a serverless variant": (
        [SERVERLESS],
        "[alarms]",
        [f"alarms: {ONLY_INSTANCES}"],
    ),
    "alarms on Inferentia": (
        [INF1],
        "[alarms]",
        [
            'variants[0].instance_type: found "ml.inf1.xlarge"; allowed: another type: '
            "with Inf1 SageMaker ignores [deployment] and [alarms] in silence"
        ],
    ),
    # autoscaling
    "one variant of two that is scaled": (
        [f"{M5}\n{TRACKING}", M5],
        "",
        [
            "variants[1].autoscaling: missing; "
            "allowed: in all variants or in none, as a deploy keeps the counts of all or of none"
        ],
    ),
    "instances by what asynchronous ones are scaled by": (
        [scaled("backlog_per_instance = 5")],
        "",
        [
            "variants[0].autoscaling.backlog_per_instance: found with instances that answer at "
            f"once; allowed: {REAL_TIME} there"
        ],
    ),
    "no instance for requests that cannot wait": (
        [scaled("min_capacity = 0, invocations_per_instance = 200")],
        "",
        [
            "variants[0].autoscaling.min_capacity: found 0; "
            "allowed: at least 1, as only asynchronous requests can wait for an instance"
        ],
    ),
    "no instance at night for requests that cannot wait": (
        [scaled('schedule = [{ cron = "0 20 ? * * *", min_capacity = 0, max_capacity = 1 }]')],
        "",
        [
            "variants[0].autoscaling.schedule[0].min_capacity: found 0; "
            "allowed: at least 1, as only asynchronous requests can wait for an instance"
        ],
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_what_does_not_go_together_is_reported_by_its_key(
    project: SettingsProject, mistake: str
) -> None:
    variants, tables, expected = REFUSED[mistake]
    assert problems(project, *variants, tables=tables) == expected


GOES = {
    "a serverless variant that is kept ready": (
        [
            "serverless = { provisioned_concurrency = 1, max_concurrency = 9 }\n"
            "autoscaling = { max_capacity = 9, provisioned_concurrency_utilization = 0.7 }"
        ],
        "",
    ),
    "an asynchronous endpoint that has no instance at night": (
        [scaled("min_capacity = 0, backlog_per_instance = 5")],
        f"{ASYNC}\n{ALL_AT_ONCE}",
    ),
    "a shadow whose requests are captured": ([""], f"{SHADOW}\n[data_capture]\n{ALL_AT_ONCE}"),
    "a shadow beside a variant that is scaled": ([f"{M5}\n{TRACKING}"], SHADOW),
    "a canary of ten variants": ([""] * 10, rolled("CANARY", "step_percent = 10")),
    "a canary of one in a hundred": (
        ["instance_count = 200"],
        rolled("CANARY", "step_instances = 1"),
    ),
    "half of two by rolling": (
        ["instance_count = 2"],
        rolled("ROLLING", "step_instances = 1"),
    ),
    "a tenth of ten by steps": (
        ["instance_count = 10"],
        rolled("LINEAR", "step_instances = 1"),
    ),
    "Inferentia without a guard": ([INF1], ""),
    "alarms of one's own without a deployment": ([""], '[alarms]\nnames = ["mine"]'),
}


@pytest.mark.parametrize("what", GOES)
def test_what_goes_together_loads(project: SettingsProject, what: str) -> None:
    variants, tables = GOES[what]
    assert len(loaded(project, *variants, tables=tables).variants) == len(variants)


def test_a_serverless_model_has_a_network(project: SettingsProject) -> None:
    isolated = 'image = { container = "mars" }\nnetwork_isolation = true'
    change = 'image = { container = "mars" }', isolated
    assert project.workload_problems(change, text=written(SERVERLESS)) == [
        "models.mars.network_isolation: found true; "
        "allowed: false with serverless, whose models have a network"
    ]
