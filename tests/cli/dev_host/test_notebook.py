"""The other kind of dev host, a notebook instance: started, opened, stopped."""

import pytest

from cli.dev_host.open import stop_host
from cli.problems import HostFailed
from tests.cli.conftest import Terminal
from tests.cli.dev_host.conftest import ENVIRONMENT, run_open
from tests.cli.dev_host.fake_host import FakeHost


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
    run_open(notebook, terminal)
    assert opened == ["https://notebook.example/?authToken=let-me-in"]
    assert notebook.calls.count("StartNotebookInstance") == int(
        state in ("Stopped", "Stopping", "Updating")
    )
    assert "let-me-in" not in terminal.text


def test_a_notebooks_url_is_printed_where_no_browser_is_wanted(
    notebook: FakeHost, terminal: Terminal, opened: list[str]
) -> None:
    run_open(notebook, terminal, browser=False)
    assert terminal.lines == ["https://notebook.example/?authToken=let-me-in"]
    assert opened == []


def test_a_notebook_that_failed_says_why(notebook: FakeHost, terminal: Terminal) -> None:
    notebook.state = "Failed"
    with pytest.raises(HostFailed, match="app-dev-host has failed: no capacity"):
        run_open(notebook, terminal)


def test_ctrl_c_while_a_notebook_starts_says_that_it_goes_on(
    notebook: FakeHost, terminal: Terminal
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    notebook.state = "Stopped"
    notebook.after(5, interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_open(notebook, terminal)
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
