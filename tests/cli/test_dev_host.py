"""`make dev-host`: from whatever state the host is in to RStudio in the browser, and back."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.dev_host import open as opening
from cli.dev_host import waiting
from cli.dev_host.open import URL_TAG, open_host, stop_host
from cli.problems import HostFailed, InputError
from environments.schema import Environment
from local.cdk_cli import ROOT
from tests.cli.conftest import Terminal
from tests.cli.fake_host import EPOCH, INSTANCE, FakeHost

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
    monkeypatch.setattr("cli.dev_host.session.end_as_by_ctrl_c", lambda: None)
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


def _open(aws: FakeHost, terminal: Terminal, port: int = 8787, *, browser: bool = True) -> None:
    open_host(
        aws.host_account,
        terminal.console,
        environment=ENVIRONMENT,
        file="default",
        port=port,
        browser=browser,
    )


@pytest.mark.usefixtures("ctrl_c")
def test_a_running_host_is_opened_and_ctrl_c_closes_the_tunnel(
    aws: FakeHost, terminal: Terminal, plugin: Plugin, opened: list[str], port: int
) -> None:
    _open(aws, terminal, port)
    assert opened == [f"http://127.0.0.1:{port}"]
    assert terminal.lines[-6:] == [
        f"address   http://127.0.0.1:{port}",
        "user      rstudio",
        "password  make dev-host-password prints it",
        "Ctrl-C closes the tunnel.",
        "The tunnel is closed; the host goes on. make dev-host-stop",
        "stops it now.",
    ]
    assert "StartInstances" not in aws.calls
    assert not plugin.runs()
    assert aws.terminated == ["session-0"]


@pytest.mark.usefixtures("ctrl_c", "opened")
def test_the_session_goes_to_rstudios_port_and_to_it_alone(
    aws: FakeHost, terminal: Terminal, plugin: Plugin, port: int
) -> None:
    _open(aws, terminal, port)
    asked = {
        "Target": INSTANCE,
        "DocumentName": "AWS-StartPortForwardingSession",
        "Parameters": {"portNumber": ["8787"], "localPortNumber": [str(port)]},
    }
    assert aws.sessions == {"session-0": asked}
    name, region, operation, profile, parameters, endpoint = plugin.called["arguments"]
    assert (region, operation, profile) == ("us-east-1", "StartSession", "")
    assert json.loads(parameters) == asked
    assert endpoint == "https://ssm.us-east-1.amazonaws.com"
    assert name == "AWS_SSM_START_SESSION_RESPONSE"


@pytest.mark.usefixtures("ctrl_c", "opened")
def test_the_sessions_token_is_on_no_command_line_and_not_printed(
    aws: FakeHost, terminal: Terminal, plugin: Plugin, port: int
) -> None:
    _open(aws, terminal, port)
    assert "TOKEN" not in json.dumps(plugin.called["arguments"])
    assert "TOKEN" not in terminal.text
    assert json.loads(plugin.called["response"]) == {
        "SessionId": "session-0",
        "TokenValue": "TOKEN",
        "StreamUrl": "wss://stream",
    }


@pytest.mark.usefixtures("ctrl_c", "plugin", "opened")
@pytest.mark.parametrize("state", ["stopped", "stopping", "pending"])
def test_a_host_that_does_not_run_is_started_once_and_waited_for(
    aws: FakeHost, terminal: Terminal, port: int, state: str
) -> None:
    aws.state = state
    if state == "stopping":
        aws.after(30, aws.become("stopped"))
    if state == "pending":
        aws.after(30, aws._boots)
    _open(aws, terminal, port)
    assert aws.calls.count("StartInstances") == (0 if state == "pending" else 1)
    assert aws.state == "running"
    assert f"{INSTANCE}: {state}" in terminal.lines
    assert any(line.startswith(f"{INSTANCE}: running after") for line in terminal.lines)
    assert any(line.startswith("Session Manager's agent: online after") for line in terminal.lines)


@pytest.mark.usefixtures("ctrl_c", "plugin", "opened")
def test_an_agent_of_before_the_start_does_not_count(
    aws: FakeHost, terminal: Terminal, port: int
) -> None:
    # it is online for minutes after its host has stopped
    aws.state, aws.pinged = "stopped", EPOCH - timedelta(seconds=1)
    aws.refusals = 2
    _open(aws, terminal, port)
    assert "Session Manager's agent: not online yet" in terminal.lines
    assert "Session Manager's agent: takes no session yet" in terminal.lines
    assert aws.now >= 35


def test_an_agent_that_never_comes_is_said_with_what_it_needs(
    aws: FakeHost, terminal: Terminal, plugin: Plugin, port: int
) -> None:
    aws.pinged = None
    with pytest.raises(HostFailed, match="not online yet, after 300 s; does the subnet reach"):
        _open(aws, terminal, port)
    assert not plugin.was_called


@pytest.mark.usefixtures("plugin")
def test_a_host_that_stops_again_fails_with_ec2s_reason(
    aws: FakeHost, terminal: Terminal, port: int
) -> None:
    aws.state, aws.fails_to_start = "stopped", "Client.InternalError: Client error on launch"
    with pytest.raises(HostFailed, match=r"has stopped again: Client\.InternalError"):
        _open(aws, terminal, port)
    assert aws.calls.count("StartInstances") == 1


@pytest.mark.usefixtures("plugin")
def test_a_host_that_hangs_is_not_waited_for_for_ever(
    aws: FakeHost, terminal: Terminal, port: int
) -> None:
    aws.state = "stopping"
    with pytest.raises(HostFailed, match="stopping, after 600 s"):
        _open(aws, terminal, port)


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize("state", ["terminated", "shutting-down", ""])
def test_an_instance_that_somebody_removed_is_said_to_be_gone(
    aws: FakeHost, terminal: Terminal, port: int, state: str
) -> None:
    aws.state = state
    with pytest.raises(HostFailed, match=r"is gone, and not by a deploy"):
        _open(aws, terminal, port)


@pytest.mark.usefixtures("plugin")
def test_ctrl_c_during_the_start_says_that_it_goes_on(
    aws: FakeHost, terminal: Terminal, port: int
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    aws.state = "stopped"
    aws.after(5, interrupt)
    with pytest.raises(KeyboardInterrupt):
        _open(aws, terminal, port)
    assert terminal.lines[-1] == "The instance goes on starting; make dev-host-stop stops it."
    assert aws.sessions == {}


@pytest.mark.usefixtures("opened")
def test_a_tunnel_that_ends_by_itself_is_a_failure_and_says_why(
    aws: FakeHost,
    terminal: Terminal,
    plugin: Plugin,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STAND_IN_REQUESTS", "1")
    with pytest.raises(HostFailed, match=r"has closed.*session-0 has been closed; make dev-host"):
        _open(aws, terminal, port)
    assert not plugin.runs()
    assert aws.terminated == ["session-0"]


def test_a_tunnel_that_does_not_open_says_what_the_plugin_said(
    aws: FakeHost,
    terminal: Terminal,
    plugin: Plugin,
    opened: list[str],
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "yes")
    with pytest.raises(HostFailed, match=r"there is no tunnel: .*Cannot perform start session"):
        _open(aws, terminal, port)
    assert (opened, plugin.was_called, aws.terminated) == ([], True, ["session-0"])


@pytest.mark.parametrize("version", ["1.2.497.0", "1.2.463.0", "", "what"])
def test_a_plugin_that_would_show_the_token_is_refused_before_the_machine_starts(
    aws: FakeHost,
    terminal: Terminal,
    plugin: Plugin,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
) -> None:
    aws.state = "stopped"
    monkeypatch.setenv("STAND_IN_VERSION", version)
    found = f"found version {version or 'none'}; allowed: one after 1.2.497.0"
    with pytest.raises(InputError, match=found):
        _open(aws, terminal)
    assert aws.state == "stopped"
    assert not plugin.was_called


def test_without_the_plugin_it_is_said_where_it_is_before_the_machine_starts(
    aws: FakeHost, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.state = "stopped"
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"not installed.*-with-install-plugin\.html$"):
        _open(aws, terminal)
    assert "StartInstances" not in aws.calls


@pytest.mark.usefixtures("plugin")
def test_a_port_that_is_taken_is_refused_before_the_machine_starts(
    aws: FakeHost, terminal: Terminal
) -> None:
    aws.state = "stopped"
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(InputError, match=f"PORT: found {taken}, which is taken.* PORT="):
            _open(aws, terminal, taken)
    assert "StartInstances" not in aws.calls


@pytest.mark.usefixtures("ctrl_c", "plugin")
def test_open_no_leaves_the_browser_out(
    aws: FakeHost, terminal: Terminal, opened: list[str], port: int
) -> None:
    _open(aws, terminal, port, browser=False)
    assert opened == []
    assert f"address   http://127.0.0.1:{port}" in terminal.lines


@pytest.mark.usefixtures("ctrl_c", "plugin")
def test_without_a_browser_the_address_is_for_the_user_to_open(
    aws: FakeHost, terminal: Terminal, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _url: False)
    _open(aws, terminal, port)
    assert "There is no browser here" in terminal.text


@pytest.mark.parametrize("stop", [False, True])
def test_a_host_that_is_not_there_is_told_with_what_to_do(
    aws: FakeHost, terminal: Terminal, stop: bool
) -> None:
    aws.stacks.clear()

    def call(environment: Environment) -> None:
        if stop:
            stop_host(
                aws.host_account, terminal.console, environment=environment, file="production"
            )
        else:
            open_host(
                aws.host_account,
                terminal.console,
                environment=environment,
                file="production",
                port=8787,
                browser=True,
            )

    with pytest.raises(InputError, match="there is no stack app-dev-host: deploy it first"):
        call(ENVIRONMENT)
    told = r"environments/production.toml has no table \[dev_host\].*docs/dev-host.md.*make deploy"
    with pytest.raises(InputError, match=told):
        call(Environment(name="app"))


def test_a_host_whose_table_is_gone_can_still_be_stopped(aws: FakeHost, terminal: Terminal) -> None:
    stop_host(
        aws.host_account, terminal.console, environment=Environment(name="app"), file="default"
    )
    assert aws.state == "stopping"


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("running", f"stopping  {INSTANCE}", "stopping"),
        ("pending", f"stopping  {INSTANCE}", "stopping"),
        ("stopping", f"stopping already  {INSTANCE}", "stopping"),
        ("stopped", f"stopped already  {INSTANCE}", "stopped"),
    ],
)
def test_stop_stops_it_once(
    aws: FakeHost, terminal: Terminal, before: str, line: str, after: str
) -> None:
    aws.state = before
    stop_host(aws.host_account, terminal.console, environment=ENVIRONMENT, file="default")
    assert (terminal.lines, aws.state) == ([line], after)


def test_on_the_embedded_aws_the_machine_says_where_rstudio_is(
    aws: FakeHost, terminal: Terminal, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    aws.state, aws.tags = "stopped", {URL_TAG: "http://127.0.0.1:45678"}
    _open(aws, terminal)
    assert opened == ["http://127.0.0.1:45678"]
    assert "address   http://127.0.0.1:45678" in terminal.lines
    assert aws.sessions == {}


def test_on_the_embedded_aws_without_docker_a_record_is_no_machine(
    aws: FakeHost, terminal: Terminal, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    with pytest.raises(HostFailed, match=f"is a record and no machine.*tag {URL_TAG} would be"):
        _open(aws, terminal)
    assert opened == []


_SCRIPT = """
import signal, sys
# whoever started the tests in the background, or by nohup, has them ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
import cli.__main__ as command
from cli.dev_host.account import HostAccount
from tests.cli.fake_host import FakeHost
host = FakeHost()
host.stacks["sagestack-dev-host"] = {"InstanceId": "i-0a1b2c3d4e5f60718", "PasswordSecret": "s"}
HostAccount.connect = lambda _region: host.host_account
code = command.main(["dev-host", "--port", sys.argv[1], "--open", "no"])
print("ended sessions", host.terminated)
sys.exit(code)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_the_command_ends_the_tunnel(
    plugin: Plugin, port: int, number: signal.Signals
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "AWS_ENDPOINT_URL"}
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", _SCRIPT, str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        # Rich prints a line again that the signal interrupts
        if line.startswith("Ctrl-C closes") and line.strip() not in lines[:-1]:
            assert plugin.runs()
            process.send_signal(number)
    watchdog.cancel()
    assert process.wait(10) == 0
    assert lines[-1] == "ended sessions ['session-0']"
    assert not plugin.runs()


@pytest.fixture
def notebook(aws: FakeHost) -> FakeHost:
    """The host is a notebook instance."""
    aws.deploy_notebook()
    aws.state = "InService"
    return aws


@pytest.mark.parametrize("state", ["InService", "Stopped", "Stopping", "Pending", "Updating"])
def test_a_notebook_is_started_and_opened_by_a_url_that_logs_in(
    notebook: FakeHost, terminal: Terminal, opened: list[str], state: str
) -> None:
    becomes = {"Stopping": "Stopped", "Updating": "Stopped", "Pending": "InService"}
    notebook.state = state
    if state in becomes:
        notebook.after(30, notebook.become(becomes[state]))
    _open(notebook, terminal)
    assert opened == ["https://notebook.example/?authToken=let-me-in"]
    assert notebook.calls.count("StartNotebookInstance") == int(
        state in ("Stopped", "Stopping", "Updating")
    )
    assert "let-me-in" not in terminal.text


def test_a_notebooks_url_is_printed_where_no_browser_is_wanted(
    notebook: FakeHost, terminal: Terminal, opened: list[str]
) -> None:
    _open(notebook, terminal, browser=False)
    assert terminal.lines == ["https://notebook.example/?authToken=let-me-in"]
    assert opened == []


def test_a_notebook_that_failed_says_why(notebook: FakeHost, terminal: Terminal) -> None:
    notebook.state = "Failed"
    with pytest.raises(HostFailed, match="app-dev-host has failed: no capacity"):
        _open(notebook, terminal)


def test_ctrl_c_while_a_notebook_starts_says_that_it_goes_on(
    notebook: FakeHost, terminal: Terminal
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    notebook.state = "Stopped"
    notebook.after(5, interrupt)
    with pytest.raises(KeyboardInterrupt):
        _open(notebook, terminal)
    assert "make dev-host-stop" in terminal.lines[-2] + terminal.lines[-1]


@pytest.mark.parametrize(
    ("before", "line"),
    [("InService", "stopping  app-dev-host"), ("Stopped", "stopped already  app-dev-host")],
)
def test_a_notebook_is_stopped(
    notebook: FakeHost, terminal: Terminal, before: str, line: str
) -> None:
    notebook.state = before
    stop_host(notebook.host_account, terminal.console, environment=ENVIRONMENT, file="default")
    assert terminal.lines == [line]


def test_a_notebook_that_starts_cannot_be_stopped_yet(
    notebook: FakeHost, terminal: Terminal
) -> None:
    notebook.state = "Pending"
    with pytest.raises(HostFailed, match="is starting"):
        stop_host(notebook.host_account, terminal.console, environment=ENVIRONMENT, file="default")


def test_waiting_says_nothing_of_what_is_there_at_once(
    aws: FakeHost, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "sleep", aws.sleep)
    look: Callable[[], tuple[bool, str]] = lambda: (True, "there")  # noqa: E731
    waiting.wait_until(terminal.console, "it", look, timeout=1, advice="")
    assert terminal.lines == []
