"""A chain of resources waits for one job, each as long as it may; any length is told alike."""

from datetime import timedelta
from typing import Any

import pytest

from jobs import handler, job_progress
from jobs.events import Event, Progress, ResourceError
from jobs.kinds import KINDS

from .fake_aws import FakeAws
from .job_events import OTHER, complete, job_event, wait_event

WAIT = 3000  # seconds, of every link


class Clock:
    """The time of day as the handlers see it."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Chain:
    """A starter and the waits after it, as CloudFormation and the Provider take them through."""

    def __init__(self, aws: FakeAws, clock: Clock, kind: str, links: int) -> None:
        self.aws, self.clock, self.kind, self.links = aws, clock, kind, links
        self.accepted: list[Event] = []  # the event of each link so far, merged with its answer

    def begin(self, request_type: str = "Create", request_id: str = "r1", **changes: Any) -> str:
        """Start the first link; return its job."""
        self.accepted = []
        first = {"LastWait": self.links == 1}
        event = job_event(request_type, request_id, kind=self.kind, properties=first, **changes)
        return self._accept(event)["PhysicalResourceId"]

    def go_on(self, request_type: str = "Create") -> None:
        """Start the link after the one that has let its job go."""
        last = len(self.accepted) + 1 == self.links
        job = self.accepted[0]["PhysicalResourceId"]
        self._accept(wait_event(request_type, job, kind=self.kind, last=last))

    def ask(self) -> Progress:
        """Ask the latest link whether its wait is over."""
        return handler.is_complete(self.accepted[-1], None)

    def pass_by(self) -> None:
        """Let a whole wait pass with the job running; the link must end it just then."""
        self.clock.now += WAIT - 1
        assert self.ask() == {"IsComplete": False}
        self.clock.now += 1

    def _accept(self, event: Event) -> Event:
        self.accepted.append({**event, **handler.on_event(event, None)})
        return self.accepted[-1]


@pytest.fixture
def chain(aws: FakeAws, monkeypatch: pytest.MonkeyPatch, kind: str) -> Chain:
    clock = Clock()
    monkeypatch.setattr(handler, "clients", lambda: aws.clients)
    monkeypatch.setattr(job_progress, "time", clock)
    return Chain(aws, clock, kind, links=3)


def third_link(chain: Chain) -> str:
    """Wait through two links; return the job, for which the third has begun to wait."""
    job = chain.begin()
    for _ in range(2):
        chain.pass_by()
        assert chain.ask() == {"IsComplete": True}
        chain.go_on()
    return job


def test_each_link_waits_its_time_and_the_last_one_has_the_attributes(
    aws: FakeAws, chain: Chain, kind: str
) -> None:
    job = third_link(chain)
    assert chain.ask() == {"IsComplete": False}
    complete(aws, job)
    progress = chain.ask()
    assert progress["IsComplete"]
    assert progress["Data"]["JobName"] == job
    assert aws.calls.count(f"Create{kind}") == 1


def test_a_job_that_has_ended_is_waited_for_by_nobody(aws: FakeAws, chain: Chain) -> None:
    complete(aws, chain.begin())
    first = chain.ask()["Data"]
    for _ in range(2):
        chain.go_on()
        assert chain.ask() == {"IsComplete": True, "Data": first}


def test_a_job_that_ends_just_when_time_is_up_has_ended(aws: FakeAws, chain: Chain) -> None:
    job = third_link(chain)
    chain.pass_by()
    complete(aws, job)
    assert chain.ask()["Data"]["JobName"] == job


def test_a_failure_in_the_last_wait_is_told_as_in_the_first(aws: FakeAws, chain: Chain) -> None:
    job = third_link(chain)
    aws.end(job, "Failed", FailureReason="AlgorithmError: no column")
    reasons = []
    for link in chain.accepted:
        with pytest.raises(ResourceError) as caught:
            handler.is_complete(link, None)
        reasons.append(str(caught.value))
    assert len(set(reasons)) == 1
    assert f"{job} Failed: AlgorithmError: no column" in reasons[0]


def test_a_job_that_is_deleted_while_a_wait_waits_fails_the_deploy(
    aws: FakeAws, chain: Chain
) -> None:
    job = third_link(chain)
    aws.jobs.clear()
    with pytest.raises(ResourceError, match=f"{job} was deleted while the stack waited for it"):
        chain.ask()


def test_the_end_of_the_last_wait_says_how_long_it_was_and_what_to_raise(
    aws: FakeAws, chain: Chain, kind: str
) -> None:
    job = third_link(chain)
    chain.pass_by()
    aws.jobs[job]["CreationTime"] -= timedelta(seconds=9000)
    with pytest.raises(ResourceError) as caught:
        chain.ask()
    setting = KINDS[kind].runtime_setting
    assert "InProgress: it has not ended after 9000 seconds" in str(caught.value)
    assert f"raise {setting}\n" in str(caught.value)


def test_a_chain_of_one_link_ends_with_its_time(aws: FakeAws, chain: Chain) -> None:
    chain.links = 1
    chain.begin()
    chain.pass_by()
    with pytest.raises(ResourceError, match="the stack waits no longer"):
        chain.ask()
    assert aws.statuses() == ["InProgress"]  # stopping it is the rollback's


def test_a_wait_that_is_asked_late_does_not_lose_its_job(aws: FakeAws, chain: Chain) -> None:
    job = chain.begin()
    chain.clock.now += 10 * WAIT  # whatever asks was down
    complete(aws, job)
    assert chain.ask()["Data"]["JobName"] == job


def test_a_wait_whose_event_comes_twice_starts_nothing(
    aws: FakeAws, chain: Chain, kind: str
) -> None:
    third_link(chain)
    chain.links += 1
    chain.go_on()
    assert len({link["PhysicalResourceId"] for link in chain.accepted[1:]}) == 1
    assert aws.calls.count(f"Create{kind}") == 1


def test_an_update_that_is_cancelled_in_its_second_wait_leaves_nothing_running(
    aws: FakeAws, chain: Chain, kind: str
) -> None:
    old = chain.begin()
    complete(aws, old)
    kept = chain.ask()
    aws.stack_status = "UPDATE_IN_PROGRESS"
    new = chain.begin("Update", "r2", **OTHER[kind])
    chain.pass_by()
    assert chain.ask() == {"IsComplete": True}
    chain.go_on("Update")
    assert chain.ask() == {"IsComplete": False}

    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert chain.begin("Update", "r3") == old
    assert chain.ask() == kept
    for _ in range(2):
        chain.go_on("Update")
        assert chain.ask() == kept
    assert aws.status(new) == "Stopping"
    assert "InProgress" not in aws.statuses()
    assert aws.calls.count(f"Create{kind}") == 2


def test_a_create_that_is_cancelled_in_its_second_wait_leaves_nothing_running(
    aws: FakeAws, chain: Chain, kind: str
) -> None:
    job = chain.begin()
    chain.pass_by()
    chain.go_on()
    aws.stack_status = "ROLLBACK_IN_PROGRESS"
    wait = wait_event("Delete", job, kind=kind, last=False)
    assert handler.on_event(wait, None) == {}
    assert handler.is_complete(wait, None) == {"IsComplete": True}
    assert aws.statuses() == ["InProgress"]
    start = job_event("Delete", "r2", kind=kind, physical_id="iris-MarsJob-1ABCDEF")
    assert handler.on_event(start, None) == {}
    assert handler.is_complete(start, None) == {"IsComplete": False}
    aws.end(job, "Stopped")
    assert handler.is_complete(start, None) == {"IsComplete": True}
    assert aws.statuses() == ["Stopped"]


@pytest.mark.parametrize("last", [True, "true"])
def test_properties_are_read_as_cloudformation_or_an_emulator_spells_them(
    chain: Chain, last: object
) -> None:
    chain.begin()
    event = chain.accepted[0]
    event["ResourceProperties"] = {**event["ResourceProperties"], "LastWait": last}
    chain.clock.now += WAIT
    with pytest.raises(ResourceError, match="the stack waits no longer"):
        chain.ask()
