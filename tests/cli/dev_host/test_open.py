"""`make dev-host`: from whatever state the host is in to RStudio in the browser, and back."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from cli.dev_host import waiting
from cli.dev_host.open import URL_TAG, open_host, stop_host
from cli.problems import HostFailed, InputError
from environments.schema import Environment
from tests.cli.conftest import Terminal
from tests.cli.dev_host.conftest import ENVIRONMENT, Plugin, run_open
from tests.cli.dev_host.fake_host import EPOCH, INSTANCE, FakeHost


@pytest.mark.usefixtures("ctrl_c")
def test_a_running_host_is_opened_and_ctrl_c_closes_the_tunnel(
    aws: FakeHost, terminal: Terminal, plugin: Plugin, opened: list[str], port: int
) -> None:
    run_open(aws, terminal, port)
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
    run_open(aws, terminal, port)
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
    run_open(aws, terminal, port)
    assert "Session Manager's agent: not online yet" in terminal.lines
    assert "Session Manager's agent: takes no session yet" in terminal.lines
    assert aws.now >= 35


def test_an_agent_that_never_comes_is_said_with_what_it_needs(
    aws: FakeHost, terminal: Terminal, plugin: Plugin, port: int
) -> None:
    aws.pinged = None
    with pytest.raises(HostFailed, match="not online yet, after 300 s; does the subnet reach"):
        run_open(aws, terminal, port)
    assert not plugin.was_called


@pytest.mark.usefixtures("plugin")
def test_a_host_that_stops_again_fails_with_ec2s_reason(
    aws: FakeHost, terminal: Terminal, port: int
) -> None:
    aws.state, aws.fails_to_start = "stopped", "Client.InternalError: Client error on launch"
    with pytest.raises(HostFailed, match=r"has stopped again: Client\.InternalError"):
        run_open(aws, terminal, port)
    assert aws.calls.count("StartInstances") == 1


@pytest.mark.usefixtures("plugin")
def test_a_host_that_hangs_is_not_waited_for_for_ever(
    aws: FakeHost, terminal: Terminal, port: int
) -> None:
    aws.state = "stopping"
    with pytest.raises(HostFailed, match="stopping, after 600 s"):
        run_open(aws, terminal, port)


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize("state", ["terminated", "shutting-down", ""])
def test_an_instance_that_somebody_removed_is_said_to_be_gone(
    aws: FakeHost, terminal: Terminal, port: int, state: str
) -> None:
    aws.state = state
    with pytest.raises(HostFailed, match=r"is gone, and not by a deploy"):
        run_open(aws, terminal, port)


@pytest.mark.usefixtures("plugin")
def test_ctrl_c_during_the_start_says_that_it_goes_on(
    aws: FakeHost, terminal: Terminal, port: int
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    aws.state = "stopped"
    aws.after(5, interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_open(aws, terminal, port)
    assert terminal.lines[-1] == "The instance goes on starting; make dev-host-stop stops it."
    assert aws.sessions == {}


@pytest.mark.usefixtures("ctrl_c", "plugin")
def test_open_no_leaves_the_browser_out(
    aws: FakeHost, terminal: Terminal, opened: list[str], port: int
) -> None:
    run_open(aws, terminal, port, browser=False)
    assert opened == []
    assert f"address   http://127.0.0.1:{port}" in terminal.lines


@pytest.mark.usefixtures("ctrl_c", "plugin")
def test_without_a_browser_the_address_is_for_the_user_to_open(
    aws: FakeHost, terminal: Terminal, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _url: False)
    run_open(aws, terminal, port)
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
    run_open(aws, terminal)
    assert opened == ["http://127.0.0.1:45678"]
    assert "address   http://127.0.0.1:45678" in terminal.lines
    assert aws.sessions == {}


def test_on_the_embedded_aws_without_docker_a_record_is_no_machine(
    aws: FakeHost, terminal: Terminal, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    with pytest.raises(HostFailed, match=f"is a record and no machine.*tag {URL_TAG} would be"):
        run_open(aws, terminal)
    assert opened == []


def test_waiting_says_nothing_of_what_is_there_at_once(
    aws: FakeHost, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "sleep", aws.sleep)
    look: Callable[[], tuple[bool, str]] = lambda: (True, "there")  # noqa: E731
    waiting.wait_until(terminal.console, "it", look, timeout=1, advice="")
    assert terminal.lines == []
