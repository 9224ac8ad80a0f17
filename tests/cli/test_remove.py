"""`make remove` and `make destroy`: nothing is removed unasked, nothing stays behind unsaid."""

import os
import sys
from collections.abc import Callable

import pytest

from cli.problems import InputError, StackFailed
from cli.remove import cdk_destroy, remove
from environments.loading import Settings, load_settings
from environments.schema import Environment
from local.cdk_cli import ROOT
from tests.cli.conftest import Terminal
from tests.cli.fake_aws import FakeAws

SETTINGS = Settings(Environment(name="app"), load_settings(ROOT).workloads)


class Replaced(Exception):  # noqa: N818 - an outcome
    """This process became another; the arguments are its command."""


@pytest.fixture(autouse=True)
def _no_cdk(monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(_file: str, command: list[str]) -> None:
        raise Replaced(*command)

    monkeypatch.setattr(os, "execvp", replace)


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for end in (sys.stdin, sys.stdout):
        monkeypatch.setattr(end, "isatty", lambda: True)


def _remove(aws: FakeAws, terminal: Terminal, name: str, yes: bool = True) -> None:
    remove(aws.account, terminal.console, settings=SETTINGS, file="default", name=name, yes=yes)


def test_a_workload_with_a_file_is_removed_by_the_cdk(aws: FakeAws, terminal: Terminal) -> None:
    aws.stacks["app-iris-mars"] = {}
    with pytest.raises(Replaced) as done:
        _remove(aws, terminal, "iris-mars")
    expected = "cdk --context environment=default destroy --exclusively app-iris-mars --force"
    assert " ".join(done.value.args) == expected


@pytest.mark.usefixtures("at_a_terminal")
def test_at_a_terminal_the_cdk_asks() -> None:
    with pytest.raises(Replaced) as done:
        cdk_destroy("--all", file="test", yes=False)
    assert " ".join(done.value.args) == "cdk --context environment=test destroy --all"


def test_a_wrong_name_is_answered_with_the_workloads_that_are_deployed(
    aws: FakeAws, terminal: Terminal
) -> None:
    aws.stacks = {"app-petal-width": {}, "app-iris-mars": {}, "app-shared": {}, "app-api": {}}
    with pytest.raises(InputError) as error:
        _remove(aws, terminal, "petal-widht")
    told = 'WORKLOAD: found "petal-widht"; allowed: iris-mars, petal-width; did you mean'
    assert str(error.value).startswith(told)


@pytest.mark.parametrize("name", ["shared", "api", "dev-iris", ""])
def test_no_stack_but_a_workload_of_this_app_is_ever_deleted(
    aws: FakeAws, terminal: Terminal, name: str
) -> None:
    aws.stacks = {"app-shared": {}, "app-api": {}, "app-dev-iris": {}}
    aws.owners = {"app-dev-iris": "app-dev"}
    with pytest.raises(InputError, match=r"WORKLOAD: .*allowed: there is none"):
        _remove(aws, terminal, name)
    assert "DeleteStack" not in aws.calls


def test_a_workload_that_is_not_deployed_is_not_said_to_be_removed(
    aws: FakeAws, terminal: Terminal
) -> None:
    with pytest.raises(InputError, match="there is no stack app-iris-mars: nothing to remove"):
        _remove(aws, terminal, "iris-mars")


def test_a_stack_whose_file_is_gone_is_deleted_and_waited_for(
    aws: FakeAws, terminal: Terminal, then: Callable[..., None]
) -> None:
    stack = "app-petal-width"
    aws.stacks[stack] = {}
    aws.happen("DELETE_FAILED", stack, stack)  # an earlier try
    then(
        lambda: aws.happen("DELETE_COMPLETE", "Endpoint", stack),
        lambda: aws.happen("DELETE_COMPLETE", stack, stack),
    )
    _remove(aws, terminal, "petal-width")
    assert [line.partition(" ")[2] for line in terminal.lines] == [
        f"DELETE_IN_PROGRESS  {stack}",
        "DELETE_COMPLETE  Endpoint",
        f"DELETE_COMPLETE  {stack}",
        f"{stack} is gone",
    ]


def test_why_a_stack_could_not_be_deleted_is_told(
    aws: FakeAws, terminal: Terminal, then: Callable[..., None]
) -> None:
    stack = "app-petal-width"
    aws.stacks[stack] = {}
    then(
        lambda: aws.happen("DELETE_FAILED", "Key", stack, "not allowed"),
        lambda: aws.happen("DELETE_FAILED", stack, stack, "The following resources: [Key]"),
    )
    with pytest.raises(StackFailed, match="app-petal-width could not be deleted: Key: not allowed"):
        _remove(aws, terminal, "petal-width")


def test_without_a_terminal_and_without_yes_nothing_is_deleted(
    aws: FakeAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    aws.stacks = {"app-petal-width": {}, "app-iris-mars": {}}
    for name in ("petal-width", "iris-mars"):
        with pytest.raises(InputError, match="YES: missing; allowed: 1"):
            _remove(aws, terminal, name, yes=False)
    assert "DeleteStack" not in aws.calls


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize("answer", ["n", "", None])
def test_who_does_not_agree_keeps_the_stack(
    aws: FakeAws, terminal: Terminal, answer: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_question: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", ask)
    aws.stacks["app-petal-width"] = {}
    _remove(aws, terminal, "petal-width", yes=False)
    assert "app-petal-width" in aws.stacks
