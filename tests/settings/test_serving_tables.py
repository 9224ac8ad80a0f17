"""The tables beside the variants: what each may hold, and what it holds by default."""

import pytest

from tests.settings.project import SettingsProject
from tests.settings.serving import loaded, problems, written
from workloads.schema import Alarms, AsyncInference, DataCapture, Deployment

TABLES = {
    # [shadow_variant]
    "a shadow variant without a name": (
        "[shadow_variant]\nsampling_percentage = 50",
        "shadow_variant.name: missing; allowed: 1 to 63 letters, digits and inner hyphens",
    ),
    "a shadow of no request": (
        '[shadow_variant]\nname = "next"\nsampling_percentage = 0',
        "shadow_variant.sampling_percentage: found 0; "
        "allowed: a number above 0, at most 100 (percent)",
    ),
    "a shadow variant of no model": (
        '[shadow_variant]\nname = "next"\nmodel = "mras"',
        'shadow_variant.model: found "mras"; allowed: a key of [models]: mars; '
        'did you mean "mars"?',
    ),
    "a shadow variant with a weight": (
        '[shadow_variant]\nname = "next"\nweight = 1',
        "shadow_variant.weight: unknown key; allowed: name, model, sampling_percentage, "
        "instance_type, instance_count, startup_timeout",
    ),
    # [deployment]
    "a strategy that there is not": (
        '[deployment]\nstrategy = "canary"',
        'deployment.strategy: found "canary"; allowed: "ALL_AT_ONCE", "CANARY", "LINEAR", '
        '"ROLLING"',
    ),
    "a deployment without a strategy": (
        "[deployment]\nwait = 60",
        'deployment.strategy: missing; allowed: "ALL_AT_ONCE", "CANARY", "LINEAR", "ROLLING"',
    ),
    "a canary of no size": (
        '[deployment]\nstrategy = "CANARY"',
        "deployment: found neither; allowed: one of step_percent, step_instances",
    ),
    "a canary of two sizes": (
        '[deployment]\nstrategy = "CANARY"\nstep_percent = 10\nstep_instances = 1',
        "deployment: found step_percent and step_instances; "
        "allowed: one of step_percent, step_instances",
    ),
    "a canary of more than half": (
        '[deployment]\nstrategy = "CANARY"\nstep_percent = 51',
        "deployment.step_percent: found 51; allowed: an integer from 1 to 50 (percent) with CANARY",
    ),
    "linear steps of less than a tenth": (
        '[deployment]\nstrategy = "LINEAR"\nstep_percent = 9',
        "deployment.step_percent: found 9; allowed: an integer from 10 to 50 (percent) with LINEAR",
    ),
    "rolling batches of less than a twentieth": (
        '[deployment]\nstrategy = "ROLLING"\nstep_percent = 4',
        "deployment.step_percent: found 4; allowed: an integer from 5 to 50 (percent) with ROLLING",
    ),
    "a step of what has none": (
        '[deployment]\nstrategy = "ALL_AT_ONCE"\nstep_instances = 1',
        "deployment.step_instances: found 1; allowed: only with CANARY, LINEAR or ROLLING",
    ),
    "an old fleet of a rolling update": (
        '[deployment]\nstrategy = "ROLLING"\nstep_percent = 50\ntermination_wait = 60',
        "deployment.termination_wait: found 60; "
        "allowed: 0 with ROLLING, which keeps no second fleet",
    ),
    "a rollback in batches of a whole fleet": (
        '[deployment]\nstrategy = "LINEAR"\nstep_percent = 50\nrollback_percent = 50',
        "deployment.rollback_percent: found 50; allowed: only with ROLLING",
    ),
    "a wait of more than an hour": (
        '[deployment]\nstrategy = "ALL_AT_ONCE"\nwait = 3601',
        "deployment.wait: found 3601; allowed: an integer from 0 to 3600 (seconds)",
    ),
    "a limit of more than eight hours": (
        '[deployment]\nstrategy = "ALL_AT_ONCE"\nmax_execution_time = 28801',
        "deployment.max_execution_time: found 28801; "
        "allowed: an integer from 600 to 28800 (seconds)",
    ),
    "a limit that the waits alone exceed": (
        '[deployment]\nstrategy = "LINEAR"\nstep_percent = 30\nmax_execution_time = 1200',
        "deployment.max_execution_time: found 1200; "
        "allowed: more than the 1200 seconds of its waits, which it includes",
    ),
    # [alarms]
    "a negative number of errors": (
        "[alarms]\ninvocation_5xx_errors = -1",
        "alarms.invocation_5xx_errors: found -1; "
        "allowed: an integer from 0 to 1000000 (answers in a period); 0 for no such alarm",
    ),
    "a latency of nothing": (
        "[alarms]\nmodel_latency_ms = 0",
        "alarms.model_latency_ms: found 0; "
        "allowed: a number above 0, at most 3600000 (milliseconds)",
    ),
    "a period of a minute and a half": (
        "[alarms]\nperiod = 90",
        "alarms.period: found 90; allowed: a multiple of 60 from 60 to 3600 (seconds)",
    ),
    "no period at all": (
        "[alarms]\nevaluation_periods = 0",
        "alarms.evaluation_periods: found 0; allowed: an integer from 1 to 24",
    ),
    "an alarm of no name": (
        '[alarms]\nnames = [" "]',
        'alarms.names[0]: found " "; allowed: the name of an alarm, at most 255 characters',
    ),
    "an alarm twice": (
        '[deployment]\nstrategy = "ALL_AT_ONCE"\n[alarms]\nnames = ["a", "a"]',
        'alarms.names[1]: found "a" twice; allowed: each once',
    ),
    # [data_capture]
    "a capture of no request": (
        "[data_capture]\nsampling_percentage = 0",
        "data_capture.sampling_percentage: found 0; allowed: an integer from 1 to 100 (percent)",
    ),
    "a capture of nothing": (
        "[data_capture]\ncapture = []",
        'data_capture.capture: found a list of 0; allowed: a list of "Input", "Output" or both',
    ),
    "a capture of what there is not": (
        '[data_capture]\ncapture = ["input"]',
        'data_capture.capture[0]: found "input"; allowed: "Input", "Output"; did you mean "Input"?',
    ),
    "a capture of one thing twice": (
        '[data_capture]\ncapture = ["Input", "Input"]',
        'data_capture.capture[1]: found "Input" twice; allowed: each once',
    ),
    # [async_inference]
    "more at a time than SageMaker sends": (
        "[async_inference]\nmax_concurrent_invocations_per_instance = 1001",
        "async_inference.max_concurrent_invocations_per_instance: found 1001; "
        "allowed: an integer from 1 to 1000",
    ),
    "news that are a topic": (
        '[async_inference]\nnotify = "arn:aws:sns:eu-west-1:123456789012:news"',
        'async_inference.notify: found "arn:aws:sns:eu-west-1:123456789012:news"; '
        "allowed: true, false",
    ),
}


@pytest.mark.parametrize("mistake", TABLES)
def test_a_mistake_in_a_table_is_reported_by_its_key(
    project: SettingsProject, mistake: str
) -> None:
    tables, expected = TABLES[mistake]
    assert problems(project, "", tables=tables) == [expected]


def test_a_shadow_variant_is_of_the_only_model(project: SettingsProject) -> None:
    shadow = loaded(project, "", tables='[shadow_variant]\nname = "next"').shadow_variant
    assert shadow is not None
    assert (shadow.model, shadow.sampling_percentage) == ("mars", 100)
    assert (shadow.instance_type, shadow.instance_count) == ("ml.t2.medium", 1)


def test_a_model_may_serve_as_a_shadow_alone(project: SettingsProject) -> None:
    second = '[models.tree]\nimage = { container = "mars" }\n[[variants]]'
    text = '[shadow_variant]\nname = "next"\nmodel = "tree"'
    served = written('model = "mars"', tables=text)
    assert project.workload_problems(("[[variants]]", second), text=served) == []


def test_a_deployment_brings_alarms(project: SettingsProject) -> None:
    workload = loaded(project, "", tables='[deployment]\nstrategy = "ALL_AT_ONCE"')
    assert workload.deployment == Deployment(
        strategy="ALL_AT_ONCE", wait=300, termination_wait=0, max_execution_time=None
    )
    assert workload.alarms == Alarms(
        invocation_5xx_errors=1, model_latency_ms=None, period=60, evaluation_periods=1, names=()
    )


@pytest.mark.parametrize(
    ("deployment", "steps"),
    [
        ('strategy = "ALL_AT_ONCE"', 1),
        ('strategy = "CANARY"\nstep_percent = 1', 2),
        ('strategy = "CANARY"\nstep_percent = 50', 2),
        ('strategy = "LINEAR"\nstep_percent = 10', 10),
        ('strategy = "LINEAR"\nstep_percent = 30', 4),
        ('strategy = "ROLLING"\nstep_percent = 5', 20),
        ('strategy = "ROLLING"\nstep_percent = 50\nrollback_percent = 100', 2),
    ],
)
def test_a_new_fleet_takes_over_in_steps(
    project: SettingsProject, deployment: str, steps: int
) -> None:
    workload = loaded(project, "instance_count = 20", tables=f"[deployment]\n{deployment}")
    assert workload.deployment is not None
    assert workload.deployment.steps == steps


def test_alarms_of_a_deployment_may_be_none(project: SettingsProject) -> None:
    tables = '[deployment]\nstrategy = "ALL_AT_ONCE"\n[alarms]\ninvocation_5xx_errors = 0'
    alarms = loaded(project, "", tables=tables).alarms
    assert alarms is not None
    assert alarms.count(variants=1) == 0


def test_alarms_need_no_deployment(project: SettingsProject) -> None:
    workload = loaded(project, "", tables='[alarms]\nmodel_latency_ms = 250.5\nnames = ["mine"]')
    assert workload.deployment is None
    assert workload.alarms is not None
    assert workload.alarms.count(variants=1) == 3


def test_everything_is_captured_by_default(project: SettingsProject) -> None:
    capture = loaded(project, "", tables="[data_capture]").data_capture
    assert capture == DataCapture(sampling_percentage=100, capture=("Input", "Output"))


def test_asynchronous_inference_tells_of_its_answers_by_default(project: SettingsProject) -> None:
    settings = loaded(project, "", tables="[async_inference]").async_inference
    assert settings == AsyncInference(max_concurrent_invocations_per_instance=None, notify=True)
