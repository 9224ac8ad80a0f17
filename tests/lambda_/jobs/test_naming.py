"""Names are derived, fit what SageMaker takes, and are found again by their stems."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs import naming
from jobs.kinds import KINDS
from jobs.naming import LONG_NAMES, SHORT_NAMES, JobNames

from .job_events import REQUESTS

SAGEMAKER_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
LONGEST = {"HyperParameterTuningJob": 32}  # characters; of all the others 63
MOST_ATTEMPTS = {"HyperParameterTuningJob": 10**5 - 1}

names = st.sampled_from([LONG_NAMES, SHORT_NAMES])
attempts = st.integers(1, 10**10 - 1)


@pytest.mark.parametrize("kind", KINDS)
@given(prefix=st.text(), data=st.data())
@example(prefix="x" * 99, data=None)
def test_any_prefix_makes_a_name_that_sagemaker_takes(
    kind: str, prefix: str, data: st.DataObject | None
) -> None:
    most = MOST_ATTEMPTS.get(kind, 10**10 - 1)
    attempt = data.draw(st.integers(1, most)) if data else most
    format_ = KINDS[kind].names
    stem = format_.request_stem(format_.resource_stem(prefix, "stack", "Job"), [{}])
    name = naming.job_name(stem, attempt)
    assert SAGEMAKER_NAME.fullmatch(name)
    assert len(name) <= LONGEST.get(kind, 63)


@given(format_=names, prefix=st.text(), attempt=attempts, identity=st.text())
def test_a_name_is_found_again_by_its_stems(
    format_: JobNames, prefix: str, attempt: int, identity: str
) -> None:
    resource = format_.resource_stem(prefix, "stack", "Job")
    stem = format_.request_stem(resource, identity)
    name = naming.job_name(stem, attempt)
    assert naming.attempt_of(stem, name) == attempt
    assert format_.belongs_to(resource, name)
    assert not naming.is_no_job(name)


@given(st.text())
def test_the_name_of_no_job_is_told_from_any_jobs(prefix: str) -> None:
    assert naming.is_no_job(naming.no_job(prefix))


app_names = st.from_regex(r"[a-z](-?[a-z0-9]){0,19}", fullmatch=True)


@given(format_=names, app_name=app_names, rest=st.text())
@example(format_=SHORT_NAMES, app_name="sagestack-prod", rest="-iris-mars")
@example(format_=SHORT_NAMES, app_name="flowers", rest="-iris-mars")
def test_every_job_of_an_app_begins_as_the_clean_up_looks_for_it(
    format_: JobNames, app_name: str, rest: str
) -> None:
    resource = format_.resource_stem(f"{app_name}-{rest}", "stack", "Job")
    assert resource.startswith(format_.app_stem(app_name))


@pytest.mark.parametrize(
    ("format_", "pattern"),
    [(LONG_NAMES, "iris-mars-mars-[0-9a-f]{8}"), (SHORT_NAMES, "iris-mars-[0-9a-f]{6}")],
)
def test_a_readable_prefix_stays_readable(format_: JobNames, pattern: str) -> None:
    assert re.fullmatch(pattern, format_.resource_stem("iris-mars-mars", "stack", "Job"))


@given(format_=names, one=st.dictionaries(st.text(), st.text()), two=st.none() | st.text())
def test_identities_that_differ_make_names_that_differ(
    format_: JobNames, one: dict[str, str], two: str | None
) -> None:
    stems = {format_.request_stem("iris-00000000", [one, each]) for each in (two, [two])}
    assert len(stems) == 2


def test_the_order_of_members_does_not_name_a_job(kind: str) -> None:
    request = REQUESTS[kind]
    turned = dict(reversed(request.items()))
    stems = {
        KINDS[kind].names.request_stem("iris-0", KINDS[kind].identity(each, {}))
        for each in (request, turned)
    }
    assert len(stems) == 1


@given(names)
def test_two_stacks_and_two_resources_never_share_a_stem(format_: JobNames) -> None:
    stems = {
        format_.resource_stem("iris", stack, logical_id)
        for stack in ("stack/1", "stack/2")
        for logical_id in ("Mars", "Linear")
    }
    assert len(stems) == 4


@given(names)
def test_a_longer_name_of_another_resource_is_not_mistaken_for_ours(format_: JobNames) -> None:
    resource = format_.resource_stem("iris", "stack", "Job")
    ours = format_.request_stem(resource, {})
    for foreign in (f"my-{ours}-1", f"{ours}-1-2", f"{ours}-01", f"{ours}-0", f"{ours}-x", ours):
        assert naming.attempt_of(ours, foreign) is None
        assert not format_.belongs_to(resource, foreign)
