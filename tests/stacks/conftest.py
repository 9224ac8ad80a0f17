"""One synth for all tests of the stacks, with the findings of its checks laid open."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Acknowledgment, App, DefaultStackSynthesizer
from constructs import IConstruct

import stacks.acknowledge
from app import ROOT, build_app
from environments import dev_host_downloads
from environments.dev_host import NotebookHost
from environments.loading import Settings
from environments.schema import Environment
from stacks.api import ApiStack
from stacks.dev_host.stack import DevHostStack
from stacks.shared import SharedStack
from stacks.workload import WorkloadStack
from workloads.loading import load_workloads
from workloads.schema import Project, Workload

Resource = dict[str, Any]

ENVIRONMENT = {
    "vpc": {"subnet_ids": ["subnet-0a1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]},
    "tags": {"team": "flowers"},
    "dev_host": {
        "kind": "rstudio",
        "accept_agpl": True,
        "vpc_id": "vpc-0a1b2c3d",
        "subnet_id": "subnet-0a1b2c3d",
        "availability_zone": "eu-west-1a",
    },
}
NOTEBOOK = {"kind": "notebook", "vpc_id": "vpc-0a1b2c3d", "subnet_id": "subnet-0a1b2c3d"}
"""The other kind of dev host: a deployment has one, this synth has both."""
CHECKSUM = "0a1b2c3d" * 8
SERVERLESS = "sagestack-serverless"
"""The one stack in no VPC."""
WORKLOADS = Path(__file__).parent / "workloads"
"""Workloads that are there for the tests alone."""


@dataclass(frozen=True)
class Synth:
    """What one synth wrote, what its checks found, and what the stacks acknowledge of that."""

    assembly: Path
    findings: frozenset[tuple[str, str]]
    """(construct path, id) of each finding of cdk-nag, the linter and the house rules."""
    acknowledgements: tuple[tuple[str, str, str], ...]
    """(construct path, id, reason) of each acknowledgement."""

    def template(self, stack: str) -> dict[str, Any]:
        """The template of a stack, by its name."""
        loaded: dict[str, Any] = json.loads((self.assembly / f"{stack}.template.json").read_text())
        return loaded

    def templates(self) -> Iterator[dict[str, Any]]:
        """Every template of the app."""
        for path in sorted(self.assembly.glob("*.template.json")):
            yield json.loads(path.read_text())

    def resources(self, kind: str, stack: str | None = None) -> list[Resource]:
        """Every resource of a type, in all stacks or in one."""
        templates = [self.template(stack)] if stack else list(self.templates())
        return [
            resource
            for template in templates
            for resource in template["Resources"].values()
            if resource["Type"] == kind
        ]

    def parameter(self, name: str) -> Resource:
        """The parameter of that name."""
        parameters = self.resources("AWS::SSM::Parameter")
        (found,) = (each for each in parameters if each["Properties"]["Name"] == name)
        return found


@pytest.fixture(scope="session")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Synthesize once: acknowledgements are recorded, not applied, so that all findings show."""
    recorded: list[tuple[str, str, str]] = []

    class Recorder:
        def __init__(self, path: str) -> None:
            self._path = path

        @classmethod
        def of(cls, construct: IConstruct) -> "Recorder":
            return cls(construct.node.path)

        def acknowledge(self, *acknowledgements: Acknowledgment) -> None:
            recorded.extend((self._path, one.id, one.reason) for one in acknowledgements)

    assembly = tmp_path_factory.mktemp("cdk.out")
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    ours = [workload_of(path) for path in sorted(WORKLOADS.glob("*.toml"))]
    (serverless,) = (workload for workload in ours if workload.variants[0].serverless)
    settings = Settings(
        Environment.model_validate(ENVIRONMENT),
        (
            *load_workloads(ROOT / "workloads"),
            *(workload for workload in ours if workload is not serverless),
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacks.acknowledge, "Validations", Recorder)
        checksums = {download.url: CHECKSUM for download in dev_host_downloads.ALL}
        patch.setattr(dev_host_downloads, "locked", lambda: checksums)
        app = build_app(App(context=context, outdir=str(assembly)), settings)
        _add_notebook(app, settings.environment)
        _add_serverless(app, settings.environment, serverless)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    return Synth(assembly, _findings(assembly), tuple(recorded))


def _add_notebook(app: App, environment: Environment) -> None:
    shared = app.node.find_child("sagestack-shared")
    api = app.node.find_child("sagestack-api")
    assert isinstance(shared, SharedStack)
    assert isinstance(api, ApiStack)
    DevHostStack(
        app,
        "sagestack-notebook",
        environment=environment,
        settings=NotebookHost.model_validate(NOTEBOOK),
        storage=shared.storage,
        api=api.rest_api_id,
        synthesizer=DefaultStackSynthesizer(),
    )


def _add_serverless(app: App, environment: Environment, workload: Workload) -> None:
    """Add the workload without the VPC of the others, with which it would be refused."""
    shared = app.node.find_child("sagestack-shared")
    assert isinstance(shared, SharedStack)
    WorkloadStack(
        app,
        SERVERLESS,
        environment=environment.model_copy(update={"vpc": None}),
        workload=workload,
        shared=shared,
        placement=None,
        synthesizer=DefaultStackSynthesizer(),
    )


def workload_of(path: Path) -> Workload:
    """Load a workload as if it stood among the app's own, so that it finds their data."""
    project = Project(ROOT, ROOT / "workloads" / path.name)
    return Workload.model_validate(tomllib.loads(path.read_text()), context=project)


def _findings(assembly: Path) -> frozenset[tuple[str, str]]:
    report = json.loads((assembly / "validation-report.json").read_text())
    return frozenset(
        (construct["constructPath"], violation["ruleName"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    )
