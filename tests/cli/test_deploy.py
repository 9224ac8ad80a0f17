"""`make deploy`: the stacks that are asked for, always with the API's, of the whole app."""

import os

import pytest

from cli.deploy import deploy, stacks_of
from environments.loading import Settings, load_settings
from environments.schema import Environment
from local.cdk_cli import ROOT

SETTINGS = Settings(Environment(name="app"), load_settings(ROOT).workloads)


def test_some_workloads_are_deployed_with_the_api() -> None:
    mars = [each for each in SETTINGS.workloads if each.name == "iris-mars"]
    assert stacks_of(mars, SETTINGS) == ("app-iris-mars", "app-api")


def test_all_workloads_are_deployed_with_all_that_there_is() -> None:
    assert stacks_of(SETTINGS.workloads, SETTINGS) == ("--all",)


def test_the_cdk_deploys_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[str] = []
    monkeypatch.setattr(os, "execvp", lambda _file, command: became.extend(command))
    deploy(SETTINGS.workloads[:1], settings=SETTINGS, file="test")
    name = SETTINGS.workloads[0].name
    assert " ".join(became) == (
        f"cdk --context environment=test deploy app-{name} app-api --require-approval never"
    )
