"""An account, a console that is read, and time that passes when a command sleeps."""

import io
from collections.abc import Callable
from itertools import chain, repeat

import pytest
from rich.console import Console

from cli import following, remove
from tests.cli.fake_aws import FakeAws


class Terminal:
    """What a command has printed."""

    def __init__(self) -> None:
        self._file = io.StringIO()
        self.console = Console(file=self._file, highlight=False, width=60)

    @property
    def text(self) -> str:
        return self._file.getvalue()

    @property
    def lines(self) -> list[str]:
        """Those that are not blank."""
        return [line.rstrip() for line in self.text.splitlines() if line.strip()]


@pytest.fixture(scope="session")
def account() -> FakeAws:
    return FakeAws()


@pytest.fixture
def aws(account: FakeAws) -> FakeAws:
    account.reset()
    return account


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def _nothing() -> None:
    pass


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say what happens, one thing at each sleep of a command that follows something."""

    def happen(*events: Callable[[], object]) -> None:
        # nothing more for a while, then the command should long have ended
        coming = chain(events, repeat(_nothing, 5))
        for command in (following, remove):
            monkeypatch.setattr(command, "sleep", lambda _seconds: next(coming)())

    happen()
    return happen
