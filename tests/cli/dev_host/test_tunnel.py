"""The tunnel of `make dev-host`: to RStudio alone, its token nowhere, its end a clean one."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from cli.problems import HostFailed, InputError
from local.cdk_cli import ROOT
from tests.cli.conftest import Terminal
from tests.cli.dev_host.conftest import Plugin, run_open
from tests.cli.dev_host.fake_host import INSTANCE, FakeHost


@pytest.mark.usefixtures("ctrl_c", "opened")
def test_the_session_goes_to_rstudios_port_and_to_it_alone(
    aws: FakeHost, terminal: Terminal, plugin: Plugin, port: int
) -> None:
    run_open(aws, terminal, port)
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
    run_open(aws, terminal, port)
    assert "TOKEN" not in json.dumps(plugin.called["arguments"])
    assert "TOKEN" not in terminal.text
    assert json.loads(plugin.called["response"]) == {
        "SessionId": "session-0",
        "TokenValue": "TOKEN",
        "StreamUrl": "wss://stream",
    }


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
        run_open(aws, terminal, port)
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
        run_open(aws, terminal, port)
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
        run_open(aws, terminal)
    assert aws.state == "stopped"
    assert not plugin.was_called


def test_without_the_plugin_it_is_said_where_it_is_before_the_machine_starts(
    aws: FakeHost, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.state = "stopped"
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"not installed.*-with-install-plugin\.html$"):
        run_open(aws, terminal)
    assert "StartInstances" not in aws.calls


@pytest.mark.usefixtures("plugin")
def test_a_port_that_is_taken_is_refused_before_the_machine_starts(
    aws: FakeHost, terminal: Terminal
) -> None:
    aws.state = "stopped"
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(InputError, match=f"PORT: found {taken}, which is taken.* PORT="):
            run_open(aws, terminal, taken)
    assert "StartInstances" not in aws.calls


_SCRIPT = """
import signal, sys
# whoever started the tests in the background, or by nohup, has them ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
import cli.__main__ as command
from cli.dev_host.account import HostAccount
from tests.cli.dev_host.fake_host import FakeHost
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
