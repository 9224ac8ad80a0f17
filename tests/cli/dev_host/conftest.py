"""A dev host that is deployed, a browser, and a stand-in for AWS's plugin on PATH."""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.dev_host import open as opening
from cli.dev_host import waiting
from cli.dev_host.open import open_host
from environments.schema import Environment
from tests.cli.conftest import Terminal
from tests.cli.dev_host.fake_host import FakeHost

DEV_HOST = {
    "kind": "notebook",
    "vpc_id": "vpc-0a1b2c3d",
    "subnet_id": "subnet-0a1b2c3d",
}
ENVIRONMENT = Environment.model_validate({"name": "app", "dev_host": DEV_HOST})


@pytest.fixture(scope="session")
def one_host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def aws(one_host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    """An RStudio host that is deployed and runs; commands that wait move its clock."""
    one_host.reset()
    one_host.deploy_rstudio()
    monkeypatch.setattr(waiting, "sleep", one_host.sleep)
    monkeypatch.setattr(waiting, "monotonic", lambda: one_host.now)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr("cli.dev_host.open.end_as_by_ctrl_c", lambda: None)
    return one_host


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser was opened for."""
    urls: list[str] = []

    def browse(url: str) -> bool:
        urls.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    return urls


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found: int = server.getsockname()[1]
    return found


class Plugin:
    """The stand-in on PATH."""

    def __init__(self, told: Path) -> None:
        self._told = told

    @property
    def called(self) -> dict[str, Any]:
        called: dict[str, Any] = json.loads(self._told.read_text())
        return called

    @property
    def was_called(self) -> bool:
        return self._told.exists()

    def runs(self) -> bool:
        try:
            os.kill(self.called["pid"], 0)
        except ProcessLookupError:
            return False
        return True


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plugin:
    script = tmp_path / "bin" / "session-manager-plugin"
    script.parent.mkdir()
    stand_in = Path(__file__).with_name("plugin_stand_in.py")
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stand_in}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=":")
    monkeypatch.setenv("STAND_IN", str(tmp_path / "called.json"))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return Plugin(tmp_path / "called.json")


@pytest.fixture
def ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who has seen RStudio types Ctrl-C."""

    def interrupt(_tunnel: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(opening, "_stay", interrupt)


def run_open(aws: FakeHost, terminal: Terminal, port: int = 8787, *, browser: bool = True) -> None:
    open_host(
        aws.host_account,
        terminal.console,
        environment=ENVIRONMENT,
        file="default",
        port=port,
        browser=browser,
    )
