"""`make dev-host-password`: alone on its lines, and on no command line."""

import subprocess

import pytest

from cli.dev_host.password import show_password
from cli.problems import InputError
from environments.schema import Environment
from tests.cli.conftest import Terminal
from tests.cli.dev_host.fake_host import FakeHost

ENVIRONMENT = Environment(name="app")


def _show(aws: FakeHost, terminal: Terminal, *, rotate: bool = False) -> list[str]:
    """Run the command; return what it remarks beside the password."""
    remarks = Terminal()
    show_password(
        aws.host_account,
        terminal.console,
        remarks.console,
        environment=ENVIRONMENT,
        file="default",
        rotate=rotate,
    )
    return remarks.lines


def test_user_and_password_are_alone_on_their_lines(aws: FakeHost, terminal: Terminal) -> None:
    aws.password = "[red]x" * 20  # as long as it is, and whatever is in it
    assert _show(aws, terminal) == []
    assert terminal.text == f"rstudio\n{aws.password}\n"
    assert "PutSecretValue" not in aws.calls


def test_a_rotated_password_is_the_one_that_is_printed(aws: FakeHost, terminal: Terminal) -> None:
    remarks = _show(aws, terminal, rotate=True)
    assert aws.password != "oldpassword"
    assert (len(aws.password), aws.password.isalnum()) == (24, True)
    assert terminal.text == f"rstudio\n{aws.password}\n"
    assert remarks == ["A host that runs takes the new password within a minute."]


def test_no_process_is_started_for_it(
    aws: FakeHost, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a command line is for everybody to read")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    _show(aws, terminal, rotate=True)


def test_a_notebook_has_none(aws: FakeHost, terminal: Terminal) -> None:
    aws.deploy_notebook()
    with pytest.raises(InputError, match="app-dev-host, which has no password: make dev-host open"):
        _show(aws, terminal)
