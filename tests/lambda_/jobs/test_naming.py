import re

from hypothesis import example, given
from hypothesis import strategies as st

from jobs import naming

SAGEMAKER_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
REQUEST = {"RoleArn": "role", "Tags": [], "StoppingCondition": {"MaxRuntimeInSeconds": 60}}


@given(prefix=st.text(), attempt=st.integers(1, 10**10 - 1))
@example(prefix="x" * 99, attempt=10**10 - 1)
def test_any_prefix_makes_a_name_that_sagemaker_takes(prefix: str, attempt: int) -> None:
    resource = naming.resource_stem(prefix, "stack", "Job")
    name = naming.job_name(naming.request_stem(resource, REQUEST, None), attempt)
    assert SAGEMAKER_NAME.fullmatch(name)
    assert len(name) <= 63


@given(prefix=st.text(), attempt=st.integers(1, 10**10 - 1))
def test_a_name_is_found_again_by_its_stems(prefix: str, attempt: int) -> None:
    resource = naming.resource_stem(prefix, "stack", "Job")
    stem = naming.request_stem(resource, REQUEST, "1")
    name = naming.job_name(stem, attempt)
    assert naming.attempt_of(stem, name) == attempt
    assert naming.belongs_to(resource, name)


def test_a_readable_prefix_stays_readable() -> None:
    stem = naming.resource_stem("iris-mars-mars", "stack", "Job")
    assert re.fullmatch(r"iris-mars-mars-[0-9a-f]{8}", stem)


def test_what_is_trained_names_the_job() -> None:
    stem = naming.request_stem("iris-00000000", REQUEST, None)
    longer = REQUEST | {"StoppingCondition": {"MaxRuntimeInSeconds": 61}}
    assert naming.request_stem("iris-00000000", longer, None) != stem
    assert naming.request_stem("iris-00000000", REQUEST, "2") != stem


def test_role_tags_and_order_do_not_name_the_job() -> None:
    other = {"Tags": [{"Key": "a", "Value": "b"}], "RoleArn": "other"}
    same = {"StoppingCondition": REQUEST["StoppingCondition"], **other}
    stem = naming.request_stem("iris-00000000", REQUEST, "1")
    assert naming.request_stem("iris-00000000", same, "1") == stem


def test_two_stacks_and_two_resources_never_share_a_stem() -> None:
    stems = {
        naming.resource_stem("iris", stack, logical_id)
        for stack in ("stack/1", "stack/2")
        for logical_id in ("Mars", "Linear")
    }
    assert len(stems) == 4


def test_a_longer_name_of_another_resource_is_not_mistaken_for_ours() -> None:
    ours = naming.request_stem("iris-00000000", REQUEST, None)
    for foreign in (f"my-{ours}-1", f"{ours}-1-2", f"{ours}-01", f"{ours}-0", f"{ours}-x", ours):
        assert naming.attempt_of(ours, foreign) is None
        assert not naming.belongs_to("iris-00000000", foreign)
