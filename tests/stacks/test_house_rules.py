"""Each house rule fires on what it forbids and on nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker

from stacks.validation import add_validations

SAGEMAKER = iam.ServicePrincipal("sagemaker.amazonaws.com")
VARIANT = sagemaker.CfnEndpointConfig.ProductionVariantProperty(variant_name="only")


def _role(*managed_policies: str) -> Callable[[Stack], object]:
    return lambda stack: iam.Role(
        stack,
        "Role",
        assumed_by=SAGEMAKER,
        managed_policies=[
            iam.ManagedPolicy.from_aws_managed_policy_name(p) for p in managed_policies
        ],
    )


def _policy(*actions: str) -> Callable[[Stack], object]:
    return lambda stack: iam.Policy(
        stack,
        "Policy",
        roles=[iam.Role(stack, "Role", assumed_by=SAGEMAKER)],
        statements=[iam.PolicyStatement(actions=list(actions), resources=["arn:aws:s3:::bucket"])],
    )


FORBIDDEN: dict[str, Callable[[Stack], object]] = {
    "MODEL_HAS_NO_PHYSICAL_NAME": lambda stack: sagemaker.CfnModel(stack, "M", model_name="m"),
    "ENDPOINT_CONFIG_HAS_NO_PHYSICAL_NAME": lambda stack: sagemaker.CfnEndpointConfig(
        stack, "C", endpoint_config_name="c", production_variants=[VARIANT]
    ),
    "ROLE_HAS_NO_FULL_ACCESS_POLICY": _role("AmazonSageMakerFullAccess"),
    "POLICY_HAS_NO_STAR_ACTION": _policy("s3:*", "s3:GetObject"),
}
ALLOWED: dict[str, Callable[[Stack], object]] = {
    "Model": lambda stack: sagemaker.CfnModel(stack, "M"),
    "Config": lambda stack: sagemaker.CfnEndpointConfig(stack, "C", production_variants=[VARIANT]),
    "Role": _role("service-role/AWSLambdaBasicExecutionRole"),
    "Policy": _policy("s3:GetObject*", "s3:PutObject"),
}


@pytest.fixture(scope="module")
def fired(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """(stack, rule) of each house rule that fired, from one synth of a stack per example."""
    assembly: Path = tmp_path_factory.mktemp("house-rules")
    app = App(outdir=str(assembly), context={"@aws-cdk/core:validateAgainstDefaultRules": True})
    for name, build in (FORBIDDEN | ALLOWED).items():
        build(Stack(app, name.replace("_", "-")))
    add_validations(app)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    report = json.loads((assembly / "validation-report.json").read_text())
    return {
        (construct["constructPath"].split("/")[0].replace("-", "_"), violation["ruleName"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
        if violation["ruleName"] in FORBIDDEN
    }


def test_each_rule_fires_on_what_it_forbids_and_on_nothing_else(
    fired: set[tuple[str, str]],
) -> None:
    assert fired == {(rule, rule) for rule in FORBIDDEN}
