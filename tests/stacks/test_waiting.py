"""A job of any length is waited for by as many resources as it takes, one after another."""

import pytest

from stacks.job import resources_to_wait
from tests.stacks.conftest import Resource, Synth

A_B, EVERYTHING = "sagestack-a-b", "sagestack-everything"
STARTERS = {
    f"Custom::SageMaker{kind}": kind
    for kind in ("TrainingJob", "HyperParameterTuningJob", "ProcessingJob", "TransformJob")
}


def _chains(synth: Synth, stack: str) -> dict[str, dict[str, Resource]]:
    """The resources of each job in their order, by the job's name prefix."""
    template = synth.template(stack)["Resources"]
    waits = {
        key: resource
        for key, resource in template.items()
        if resource["Type"] == "Custom::SageMakerJobWait"
    }
    chains = {}
    for key, resource in template.items():
        if resource["Type"] not in STARTERS:
            continue
        chain = {key: resource}
        while following := [
            wait for wait in waits if next(reversed(chain)) in _before(waits[wait])
        ]:
            (wait,) = following
            chain[wait] = waits.pop(wait)
        chains[resource["Properties"]["JobNamePrefix"]] = chain
    assert not waits, "a wait that follows no job"
    return chains


def _before(resource: Resource) -> list[str]:
    depends_on: str | list[str] = resource["DependsOn"]
    return depends_on if isinstance(depends_on, list) else [depends_on]


@pytest.mark.parametrize(
    ("longest", "job_wait", "resources"),
    [(86_400, 3000, 30), (3000, 3000, 2), (3001, 3000, 3), (1, 3000, 2), (8, 5, 3)],
)
def test_resources_wait_for_the_job_and_one_more_for_its_instance_and_upload(
    longest: int, job_wait: int, resources: int
) -> None:
    assert resources_to_wait(longest, job_wait) == resources
    assert resources * job_wait >= longest + job_wait


def test_a_job_has_as_many_resources_as_its_own_longest_time_asks_for(synth: Synth) -> None:
    lengths = {prefix: len(chain) for prefix, chain in _chains(synth, A_B).items()}
    assert lengths == {"sagestack-a-b-small": 3, "sagestack-a-b-large": 30}
    lengths = {prefix: len(chain) for prefix, chain in _chains(synth, EVERYTHING).items()}
    assert lengths == {
        "sagestack-everything-tuned": 4,  # the tuning's max_runtime, not the training's
        "sagestack-everything-spot-trained": 30,  # max_wait, not max_runtime
        "sagestack-everything-spot-trained-transform": 3,
        **{
            f"sagestack-everything-{model}-{use}": 3
            for model in ("tuned", "spot-trained", "given")
            for use in ("evaluation", "serving")
        },
    }


@pytest.mark.parametrize("stack", [A_B, EVERYTHING])
def test_each_waits_for_the_same_job_after_the_one_before(synth: Synth, stack: str) -> None:
    for chain in _chains(synth, stack).values():
        (start, *waits) = chain
        for wait in waits:
            properties = chain[wait]["Properties"]
            assert properties["JobName"] == {"Ref": start}
            assert properties["JobType"] == STARTERS[chain[start]["Type"]]


@pytest.mark.parametrize("stack", [A_B, EVERYTHING])
def test_only_the_last_gives_up(synth: Synth, stack: str) -> None:
    for chain in _chains(synth, stack).values():
        properties = [resource["Properties"] for resource in chain.values()]
        assert [each["LastWait"] for each in properties] == [False] * (len(chain) - 1) + [True]
        assert {each["WaitSeconds"] for each in properties} == {3000}


@pytest.mark.parametrize("stack", [A_B, EVERYTHING])
def test_what_uses_a_job_takes_its_attributes_from_the_last(synth: Synth, stack: str) -> None:
    template = synth.template(stack)
    chains = _chains(synth, stack)
    lasts = {next(reversed(chain)) for chain in chains.values()}
    jobs = {key for chain in chains.values() for key in chain}
    used = {
        logical_id
        for place in [*template["Resources"].values(), *template["Outputs"].values()]
        for logical_id in _attributes_of(place)
        if logical_id in jobs
    }
    assert used
    assert used <= lasts
    assert {
        key for key in lasts if "Serving" in key or "Training" in key or "Tuning" in key
    } <= used


def _attributes_of(value: object) -> list[str]:
    match value:
        case {"Fn::GetAtt": [logical_id, _]}:
            return [logical_id]
        case dict():
            return [found for member in value.values() for found in _attributes_of(member)]
        case list():
            return [found for item in value for found in _attributes_of(item)]
        case _:
            return []
