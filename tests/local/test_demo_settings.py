"""The demo says at once when the API would not take what it sends."""

from typing import Any

import pytest
from rich.console import Console

from cli.problems import InputError
from environments.api import ApiSettings
from environments.loading import Settings
from environments.schema import Environment
from local import demo
from local.cdk_cli import ROOT
from workloads.loading import load_workloads


@pytest.mark.parametrize(
    ("key", "api"),
    [
        ("jwt", {"authorization": "jwt", "jwt": {"cognito": True}}),
        ("keys", {"keys": {"partner": {}}}),
        ("private", {"private": {"vpc_endpoint_ids": ["vpce-01234567"]}}),
    ],
)
def test_nothing_is_started_for_an_api_that_asks_for_more_than_a_signature(
    monkeypatch: pytest.MonkeyPatch, key: str, api: dict[str, Any]
) -> None:
    environment = Environment(api=ApiSettings.model_validate(api))
    settings = Settings(environment, load_workloads(ROOT / "workloads"))
    monkeypatch.setattr(demo, "load_settings", lambda _root: settings)
    monkeypatch.setattr(demo, "started", lambda _stages: pytest.fail("it was started"))
    with pytest.raises(InputError, match=rf"api\.{key}: found; allowed with make demo: only"):
        demo.demo("", Console())
