"""An update that SageMaker would refuse is refused before any job of the stack starts."""

from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from stacks.update_check import UpdateCheck
from tests.settings.project import SettingsProject
from tests.settings.serving import loaded
from tests.stacks.conftest import SERVERLESS, Synth
from tests.stacks.order import before

CHECK = "Custom::SageMakerUpdateCheck"
STACKS = ("sagestack-a-b", "sagestack-everything", "sagestack-guarded", SERVERLESS)


@pytest.mark.parametrize("stack", STACKS)
def test_no_job_starts_before_it_and_the_endpoint_is_not_updated_before_it(
    synth: Synth, stack: str
) -> None:
    template = synth.template(stack)["Resources"]
    (check,) = (key for key, resource in template.items() if resource["Type"] == CHECK)
    costly = [
        key
        for key, resource in template.items()
        if resource["Type"].endswith("Job") or resource["Type"] == "AWS::SageMaker::Endpoint"
    ]
    assert costly
    for key in costly:
        assert check in before(template, key), key


@pytest.mark.parametrize("stack", STACKS)
def test_it_waits_for_nothing_of_its_stack(synth: Synth, stack: str) -> None:
    template = synth.template(stack)["Resources"]
    (check,) = (key for key, resource in template.items() if resource["Type"] == CHECK)
    assert not before(template, check) & template.keys()


@pytest.fixture
def project(tmp_path: Any) -> SettingsProject:
    return SettingsProject(tmp_path)


@pytest.mark.parametrize(
    ("variants", "tables", "expected"),
    [
        ([""], "", (["v0"], False, False)),
        (["", ""], "[alarms]", (["v0", "v1"], False, True)),
        ([""], '[deployment]\nstrategy = "ALL_AT_ONCE"', (["v0"], False, True)),
        ([""], "[alarms]\ninvocation_5xx_errors = 0", (["v0"], False, False)),
        (["serverless = {}"], "", (["v0"], True, False)),
    ],
    ids=["plain", "alarms", "deployment", "no alarm at all", "serverless"],
)
def test_it_is_asked_again_when_something_changes_that_sagemaker_compares(
    project: SettingsProject, variants: list[str], tables: str, expected: tuple[Any, ...]
) -> None:
    stack = Stack(App(), "stack")
    workload = loaded(project, *variants, tables=tables)
    UpdateCheck(stack, "Check", workload=workload, endpoint_name="app-iris", service_token="token")
    (check,) = Template.from_stack(stack).find_resources(CHECK).values()
    properties = check["Properties"]
    found = tuple(properties[key] for key in ("VariantNames", "Serverless", "Guarded"))
    assert found == expected
    assert (properties["EndpointName"], properties["WorkloadName"]) == ("app-iris", "iris")
