"""The app as a whole: its roles, its API, its provider, and what the stacks share."""

import json
import re
from pathlib import Path

from aws_cdk import App

from app import ROOT
from environments.schema import Environment
from proxy.deadline import ANSWER_SECONDS
from stacks.api import ApiStack
from stacks.shared import SharedStack
from stacks.staging import staging_synthesizer
from tests.stacks.conftest import Synth
from workloads.schema import Project


def test_no_role_has_a_managed_policy_but_awss_for_logging(synth: Synth) -> None:
    for role in synth.resources("AWS::IAM::Role"):
        for policy in role["Properties"].get("ManagedPolicyArns", []):
            assert (
                json.dumps(policy)
                .rstrip('"}]')
                .endswith(("AWSLambdaBasicExecutionRole", "AmazonAPIGatewayPushToCloudWatchLogs"))
            )


def test_job_roles_may_be_assumed_by_sagemaker_only(synth: Synth) -> None:
    for stack in ("sagestack-iris-mars", "sagestack-everything"):
        template = synth.template(stack)["Resources"]
        # what a job or a Model runs as is all that is passed to SageMaker
        passed = re.findall(r'RoleArn": {"Fn::GetAtt": \["(\w+)"', json.dumps(template))
        assert len(set(passed)) >= 2
        for role in passed:
            properties = template[role]["Properties"]
            assert properties["Path"] == "/sagestack/"
            (statement,) = properties["AssumeRolePolicyDocument"]["Statement"]
            assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}


def test_roles_are_passed_to_sagemaker_only(synth: Synth) -> None:
    passing = [
        statement
        for policy in synth.resources("AWS::IAM::Policy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "iam:PassRole" in statement["Action"]
    ]
    assert passing
    for statement in passing:
        assert json.dumps(statement["Resource"]).count(":role/sagestack/*") == 1
        assert statement["Condition"] == {
            "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}
        }


def test_one_provider_serves_the_whole_app(synth: Synth) -> None:
    machines = synth.resources("AWS::StepFunctions::StateMachine")
    assert len(machines) == 1
    tokens = {
        json.dumps(resource["Properties"]["ServiceToken"])
        for kind in ("Custom::SageMakerTrainingJob", "Custom::SageMakerEndpointCheck")
        for resource in synth.resources(kind)
    }
    assert len(tokens) == 1


def test_iam_authorizes_every_method_of_the_api(synth: Synth) -> None:
    methods = synth.resources("AWS::ApiGateway::Method")
    assert methods
    assert {m["Properties"]["AuthorizationType"] for m in methods} == {"AWS_IAM"}


def test_the_api_is_throttled_and_logs_access(synth: Synth) -> None:
    (stage,) = synth.resources("AWS::ApiGateway::Stage")
    (settings,) = stage["Properties"]["MethodSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (10, 20)
    assert "DestinationArn" in stage["Properties"]["AccessLogSetting"]


def test_a_path_can_follow_the_url_of_the_api(synth: Synth) -> None:
    url = synth.template("sagestack-api")["Outputs"]["ApiUrl"]["Value"]["Fn::Join"][1]
    assert url[-1].endswith("/v1")


def test_the_accounts_logging_role_is_made_by_default(synth: Synth) -> None:
    assert len(synth.resources("AWS::ApiGateway::Account")) == 1


def test_starting_a_job_and_calling_an_endpoint_are_for_two_roles(synth: Synth) -> None:
    may = {
        policy["Properties"]["PolicyName"]: json.dumps(policy["Properties"]["PolicyDocument"])
        for policy in synth.resources("AWS::IAM::Policy", "sagestack-shared")
    }
    starting = {name for name, document in may.items() if "sagemaker:CreateTrainingJob" in document}
    calling = {name for name, document in may.items() if "sagemaker:InvokeEndpoint" in document}
    assert len(starting) == len(calling) == 1
    assert starting.isdisjoint(calling)


def test_the_api_imports_nothing_from_a_workload(synth: Synth) -> None:
    imported = re.findall(
        r'"Fn::ImportValue": "([^"]*)"', json.dumps(synth.template("sagestack-api"))
    )
    assert {name.partition(":")[0] for name in imported} == {"sagestack-shared"}
    imports = json.dumps(synth.template("sagestack-iris-mars"))
    assert "sagestack-shared:ExportsOutput" in imports
    assert "Fn::GetStackOutput" not in imports


def test_functions_run_with_the_bundled_boto3(synth: Synth) -> None:
    layers = synth.resources("AWS::Lambda::LayerVersion")
    assert len([layer for layer in layers if "boto3" in layer["Properties"]["Description"]]) == 2
    ours = [
        function["Properties"]
        for function in synth.resources("AWS::Lambda::Function")
        if function["Properties"]["Handler"].startswith(("jobs.", "proxy."))
    ]
    assert len(ours) == 3
    assert all(function["Layers"] for function in ours)


def test_the_api_answers_before_its_gateway_or_lambda_gives_up(synth: Synth) -> None:
    template = synth.template("sagestack-api")["Resources"].values()
    integrations = [
        resource["Properties"]["Integration"]
        for resource in template
        if resource["Type"] == "AWS::ApiGateway::Method"
    ]
    [function] = [
        resource["Properties"]
        for resource in template
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    gateway = min(each.get("TimeoutInMillis", 29_000) / 1000 for each in integrations)
    cold_start = 2
    assert cold_start + ANSWER_SECONDS <= gateway < function["Timeout"]


def test_what_costs_money_or_holds_data_is_tagged(synth: Synth) -> None:
    tagged = [
        resource["Properties"]["Tags"]
        for kind in ("SageMaker::Endpoint", "SageMaker::Model", "S3::Bucket", "ECR::Repository")
        for resource in synth.resources(f"AWS::{kind}")
    ]
    assert tagged
    for tags in tagged:
        assert {"Key": "app", "Value": "sagestack"} in tags
        assert {"Key": "team", "Value": "flowers"} in tags


def test_a_synth_needs_no_account_and_no_region(synth: Synth) -> None:
    manifest = json.loads((synth.assembly / "manifest.json").read_text())
    environments = {
        artifact["environment"]
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    assert environments == {"aws://unknown-account/unknown-region"}
    assert "missing" not in manifest


def test_an_account_that_has_a_logging_role_keeps_it(tmp_path: Path) -> None:
    project = Project(ROOT, ROOT / "environments" / "default.toml")
    environment = Environment.model_validate(
        {"api": {"account_logging_role": False}}, context=project
    )
    app = App(outdir=str(tmp_path))
    synthesizer = staging_synthesizer("sagestack")
    shared = SharedStack(
        app, "shared", environment=environment, workloads=(), synthesizer=synthesizer
    )
    ApiStack(app, "api", environment=environment, shared=shared, synthesizer=synthesizer)
    app.synth()
    template = json.loads((tmp_path / "api.template.json").read_text())
    assert "AWS::ApiGateway::Account" not in {r["Type"] for r in template["Resources"].values()}
