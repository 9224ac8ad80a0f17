"""Each house rule fires on what it forbids and on nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App, CfnResource, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns

from stacks.validation import add_validations

SAGEMAKER = iam.ServicePrincipal("sagemaker.amazonaws.com")
VARIANT = sagemaker.CfnEndpointConfig.ProductionVariantProperty(variant_name="only")
TOKEN = {"ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:provider"}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000"


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


def _capture(kms_key_id: str | None) -> Callable[[Stack], object]:
    return lambda stack: sagemaker.CfnEndpointConfig(
        stack,
        "C",
        production_variants=[VARIANT],
        data_capture_config=sagemaker.CfnEndpointConfig.DataCaptureConfigProperty(
            destination_s3_uri="s3://bucket/capture",
            initial_sampling_percentage=1,
            capture_options=[
                sagemaker.CfnEndpointConfig.CaptureOptionProperty(capture_mode="Input")
            ],
            kms_key_id=kms_key_id,
        ),
    )


def _answers(kms_key_id: str | None) -> Callable[[Stack], object]:
    return lambda stack: sagemaker.CfnEndpointConfig(
        stack,
        "C",
        production_variants=[VARIANT],
        async_inference_config=sagemaker.CfnEndpointConfig.AsyncInferenceConfigProperty(
            output_config=sagemaker.CfnEndpointConfig.AsyncInferenceOutputConfigProperty(
                s3_output_path="s3://bucket/output", kms_key_id=kms_key_id
            )
        ),
    )


def _topic(kms_master_key_id: str | None) -> Callable[[Stack], object]:
    return lambda stack: sns.CfnTopic(stack, "T", kms_master_key_id=kms_master_key_id)


def _scaled(*, retain: bool | None, scaled: bool = True) -> Callable[[Stack], object]:
    def build(stack: Stack) -> None:
        sagemaker.CfnEndpoint(
            stack, "E", endpoint_config_name="c", retain_all_variant_properties=retain
        )
        CfnResource(
            stack,
            "S",
            type="Custom::SageMakerVariantScaling",
            properties={**TOKEN, "Variants": [{"VariantName": "mars"}] if scaled else []},
        )

    return build


def _alarm(description: str | None) -> Callable[[Stack], object]:
    return lambda stack: cloudwatch.CfnAlarm(
        stack,
        "A",
        alarm_description=description,
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        metric_name="ModelLatency",
        namespace="AWS/SageMaker",
        period=60,
        statistic="Average",
        threshold=1,
    )


FORBIDDEN: dict[str, Callable[[Stack], object]] = {
    "MODEL_HAS_NO_PHYSICAL_NAME": lambda stack: sagemaker.CfnModel(stack, "M", model_name="m"),
    "ENDPOINT_CONFIG_HAS_NO_PHYSICAL_NAME": lambda stack: sagemaker.CfnEndpointConfig(
        stack, "C", endpoint_config_name="c", production_variants=[VARIANT]
    ),
    "CAPTURED_DATA_IS_ENCRYPTED": _capture(None),
    "ASYNCHRONOUS_ANSWERS_ARE_ENCRYPTED": _answers(None),
    "TOPIC_IS_ENCRYPTED": _topic(None),
    "SCALED_ENDPOINT_KEEPS_ITS_CAPACITY": _scaled(retain=None),
    "ALARM_SAYS_WHAT_TO_DO": _alarm(None),
    "ROLE_HAS_NO_FULL_ACCESS_POLICY": _role("AmazonSageMakerFullAccess"),
    "POLICY_HAS_NO_STAR_ACTION": _policy("s3:*", "s3:GetObject"),
}
ALLOWED: dict[str, Callable[[Stack], object]] = {
    "Model": lambda stack: sagemaker.CfnModel(stack, "M"),
    "Config": lambda stack: sagemaker.CfnEndpointConfig(stack, "C", production_variants=[VARIANT]),
    "Capture": _capture(KEY),
    "Answers": _answers(KEY),
    "Topic": _topic(KEY),
    "Scaled": _scaled(retain=True),
    "NotScaled": _scaled(retain=None, scaled=False),
    "Alarm": _alarm("Look at the log"),
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
