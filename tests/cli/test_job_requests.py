"""docs/job-requests.md is complete and true: by botocore, the settings' keys and the templates."""

import json
import tomllib
from typing import Any

import pytest
from aws_cdk import App

from app import ROOT, build_app
from environments.loading import Settings
from environments.schema import Environment
from tests.cli.property_tables import JOBS, keys_below, request, sends
from tests.stacks.api_requests import resolved
from tests.stacks.conftest import ENVIRONMENT, WORKLOADS
from workloads.schema import Project, Workload


def test_every_key_about_jobs_is_named() -> None:
    about_jobs = keys_below("data.", "models.", "evaluation.", "transform.")
    assert about_jobs - JOBS.named_keys() == set()


def _everything() -> Workload:
    """A workload with every setting that a training job has for a tuning's jobs as well."""
    document = tomllib.loads((WORKLOADS / "everything.toml").read_text())
    models, metrics = document["models"], document["models"]["tuned"]["training"]["metrics"]
    for name in ("tuned", "spot-trained"):
        models[name]["training"] = {**models["spot-trained"]["training"], "metrics": metrics}
        models[name].pop("channels", None)  # all of them
    del models["tuned"]["training"]["experiment"]  # which a tuning's jobs cannot have
    context = Project(ROOT, ROOT / "workloads" / "everything.toml")
    return Workload.model_validate(document, context=context)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The template of that workload's stack."""
    # a dev host starts no jobs, and needs what its own tests give it
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "dev_host"}
    settings = Settings(Environment.model_validate(environment), (_everything(),))
    outdir = tmp_path_factory.mktemp("cdk.out")
    # the checks of a synth take half a minute, and are what tests/stacks is about
    build_app(App(outdir=str(outdir)), settings, checked=False).synth()
    loaded: dict[str, Any] = json.loads((outdir / "sagestack-everything.template.json").read_text())
    return loaded


# Known only when the job is started: its name, and the tuning from which to start warm.
AT_THE_START = ("JobName", "WarmStartConfig.")


@pytest.mark.parametrize("operation", JOBS.operations)
def test_what_is_said_to_be_sent_is_sent_and_nothing_else(
    operation: str, template: dict[str, Any]
) -> None:
    requests = [
        resolved(resource["Properties"][f"{operation}Request"])
        for resource in template["Resources"].values()
        if f"{operation}Request" in resource["Properties"]
    ]
    sent = {leaf for leaf in request(operation) if any(sends(each, leaf) for each in requests)}
    said = JOBS.said_to_be_sent(operation)
    assert sent == {leaf for leaf in said if not any(part in leaf for part in AT_THE_START)}
