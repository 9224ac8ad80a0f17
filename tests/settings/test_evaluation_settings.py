"""An evaluation reads a channel that exists, and its gate has bounds that can be kept."""

import pytest

from tests.settings.project import JOBS, SettingsProject

BOUND = "{ max = 0.5, not_worse_than_serving = true, tolerance = 0.02 }"
CHANNEL = 'channel = "test"'

MISTAKES = {
    "a channel that there is not": (
        (CHANNEL, 'channel = "tset"'),
        'channel: found "tset"; allowed: a key of [data]: train, test, new; did you mean "test"?',
    ),
    "no channel": (
        (CHANNEL, ""),
        "channel: missing; allowed: a key of [data]",
    ),
    "an instance type that only training has": (
        (CHANNEL, f'{CHANNEL}\ninstance_type = "ml.p4d.24xlarge"'),
        'instance_type: found "ml.p4d.24xlarge"; '
        'allowed: an instance type of SageMaker processing, such as "ml.m5.large"; '
        'did you mean "ml.r5d.24xlarge"?',
    ),
    "an evaluation for longer than a deploy can wait": (
        (CHANNEL, f"{CHANNEL}\nmax_runtime = 86401"),
        "max_runtime: found 86401; "
        "allowed: an integer from 1 to 86400 (seconds): a deploy waits a day at most",
    ),
    "a variable longer than a processing job's": (
        (CHANNEL, f'{CHANNEL}\nenvironment = {{ A = "{"a" * 257}" }}'),
        f'environment.A: found "{"a" * 79}…"; allowed: a string of at most 256 characters',
    ),
    "a bound that is a number": (
        (BOUND, "0.5"),
        "gate.rmse: found 0.5; allowed: a table of min, max, not_worse_than_serving, tolerance",
    ),
    "a bound that binds nothing": (
        (BOUND, "{}"),
        "gate.rmse: found no bound; allowed: min, max or both",
    ),
    "a comparison that does not say what is worse": (
        (BOUND, "{ not_worse_than_serving = true }"),
        "gate.rmse: found no bound; allowed: min, max or both",
    ),
    "a comparison that says both are worse": (
        (BOUND, "{ min = 0, max = 1, not_worse_than_serving = true }"),
        "gate.rmse.not_worse_than_serving: found true; "
        "allowed: true with either min or max, which says what is worse: less or more",
    ),
    "a bound from more to less": (
        (BOUND, "{ min = 2, max = 1 }"),
        "gate.rmse.min: found 2.0; allowed: at most max, 1.0",
    ),
    "a bound that nothing keeps": (
        (BOUND, "{ max = nan }"),
        "gate.rmse.max: found nan; allowed: a finite number",
    ),
    "a tolerance of nothing": (
        (BOUND, "{ max = 1, tolerance = 0.1 }"),
        "gate.rmse.tolerance: found 0.1; allowed: only with not_worse_than_serving = true",
    ),
    "a tolerance below 0": (
        (BOUND, "{ max = 1, not_worse_than_serving = true, tolerance = -0.1 }"),
        "gate.rmse.tolerance: found -0.1; allowed: a finite number of at least 0",
    ),
    "a gate without a bound": (
        (f"rmse = {BOUND}", ""),
        "gate: found a table; allowed: a table of at least one <metric> = { max = ... }",
    ),
    "a metric without a name": (
        (f"rmse = {BOUND}", f'"" = {BOUND}'),
        'gate."": found ""; allowed: the name of a metric, such as "validation:rmse", '
        "at most 255 characters",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    change, expected = MISTAKES[mistake]
    assert project.workload_problems(change, text=JOBS) == [f"evaluation.{expected}"]


def test_a_channel_called_as_the_jobs_other_input_is_refused(project: SettingsProject) -> None:
    changes = ("data.test", "data.model"), (CHANNEL, 'channel = "model"')
    assert project.workload_problems(*changes, text=JOBS) == [
        'evaluation.channel: found "model"; '
        "allowed: another name: the job has an input of this one, the model"
    ]


@pytest.mark.parametrize("bound", ["{ min = 1, max = 1 }", "{ max = 1 }", "{ min = -1 }"])
def test_a_bound_is_from_one_side_or_from_both(project: SettingsProject, bound: str) -> None:
    assert project.workload_problems((BOUND, bound), text=JOBS) == []


def test_what_is_not_asked_for_is_not_there(project: SettingsProject) -> None:
    head, tail = JOBS.split("[evaluation]")
    tail = tail[tail.index("[[variants]]") :]
    head = head.replace("data.test", "data.validation").replace("data.new", "data.more")
    workload = project.load(f"{head}{tail}")
    assert (workload.evaluation, workload.transform) == (None, None)
    assert workload.models["mars"].channels == ("train", "validation", "more")


def test_an_evaluation_needs_no_gate(project: SettingsProject) -> None:
    workload = project.load(JOBS.replace(f"[evaluation.gate]\nrmse = {BOUND}", ""))
    assert workload.evaluation
    assert workload.evaluation.gate == {}
