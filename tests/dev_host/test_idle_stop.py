"""A host stops when nobody has worked on it for as long as was asked, by a clock of the test's."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host import idle_stop
from host.idle_stop import BUSY, INTERVAL, Look, idle_for

MINUTES = 60


class Host:
    """A host whose time passes by calls, and whose work is told beforehand."""

    def __init__(self) -> None:
        self.now = 5000.0
        self.worked = 700.0
        self.logins = 0
        self._idle = idle_for(MINUTES, lambda: Look(self.worked, self.logins), lambda: self.now)
        assert not next(self._idle), "a host that has just started is not idle"

    def minute(self, *, cores: float = 0.01, logins: int = 0) -> bool:
        """Let a minute pass with so much work; whether it is time to stop."""
        self.now += INTERVAL
        self.worked += cores * INTERVAL
        self.logins = logins
        return next(self._idle)

    def minutes_until_stop(self, **doing: float) -> int:
        """How many minutes of that it takes."""
        return next(minute for minute in itertools.count(1) if self.minute(**doing))  # type: ignore[arg-type]


def test_a_host_that_nobody_uses_stops_after_the_idle_minutes() -> None:
    assert Host().minutes_until_stop() == MINUTES


@pytest.mark.parametrize("doing", [{"cores": 1.0}, {"logins": 1}], ids=["computing", "logged in"])
def test_a_host_in_use_never_stops(doing: dict[str, float]) -> None:
    host = Host()
    assert not any(host.minute(**doing) for _ in range(10 * MINUTES))  # type: ignore[arg-type]


@pytest.mark.parametrize("doing", [{"cores": 1.0}, {"logins": 1}], ids=["computing", "logged in"])
def test_the_minutes_begin_anew_when_somebody_works(doing: dict[str, float]) -> None:
    host = Host()
    assert not any(host.minute() for _ in range(MINUTES - 1))
    assert not host.minute(**doing)  # type: ignore[arg-type]
    assert host.minutes_until_stop() == MINUTES


@given(st.lists(st.sampled_from(["idle", "computing", "logged in"]), max_size=4 * MINUTES))
def test_it_is_time_exactly_when_the_last_minutes_were_all_idle(days: list[str]) -> None:
    host = Host()
    for at, doing in enumerate(days, 1):
        cores, logins = (2 * BUSY if doing == "computing" else 0.0), int(doing == "logged in")
        expected = at >= MINUTES and set(days[at - MINUTES : at]) == {"idle"}
        assert host.minute(cores=cores, logins=logins) == expected


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc of a host with two cores, one shell and one tunnel."""
    (tmp_path / "stat").write_text("cpu  1000 200 300 90000 5000 40 60 0 0 0\ncpu0 1 2 3\n")
    for pid, command in {
        "1": b"/sbin/init\0",
        "812": b"/snap/amazon-ssm-agent/1/amazon-ssm-agent\0",
        "901": b"/snap/amazon-ssm-agent/1/ssm-session-worker\0session-0a1b\0",
        "902": b"/usr/bin/grep\0ssm-session-worker\0",
    }.items():
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cmdline").write_bytes(command)
    (tmp_path / "903" / "cmdline").mkdir(parents=True)  # cannot be read, as one that has ended
    return tmp_path


def test_a_look_counts_work_of_all_cores_and_each_way_in(
    proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle_stop, "_shells", lambda: 2)
    # user, nice, system, interrupts and soft ones are work; waiting is none
    assert idle_stop.look(proc) == Look(cpu_seconds=16.0, logins=3)


def test_the_machine_it_runs_on_can_be_looked_at() -> None:
    first, second = idle_stop.look(), idle_stop.look()
    assert 0 < first.cpu_seconds <= second.cpu_seconds
