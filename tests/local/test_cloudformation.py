"""SageMaker's CloudFormation types and the patched ones, in stacks made by boto3."""

import json
import time
from typing import Any

import pytest

from tests.local.conftest import IMAGE, TIMEOUT, TRUST, Account

ENDED = ("_COMPLETE", "_FAILED")


class Stack:
    """A stack by its template, created or updated until it is settled."""

    def __init__(self, account: Account, name: str) -> None:
        self.account = account
        self.name = name
        self.cloudformation = account.aws.client("cloudformation")
        self.parameters: dict[str, Any] = {}

    def put(self, **resources: Any) -> str:
        """Create or update; the status that it ends in."""
        self.start(**resources)
        return self.settled()

    def start(self, **resources: Any) -> None:
        """Create or update, not waited for."""
        template = {"Parameters": self.parameters, "Resources": resources, "Outputs": {}}
        exists = self.name in [
            stack["StackName"] for stack in self.cloudformation.describe_stacks()["Stacks"]
        ]
        operation = "update_stack" if exists else "create_stack"
        getattr(self.cloudformation, operation)(
            StackName=self.name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )

    def status_of(self, logical_id: str) -> str:
        """The status of the last event of a resource; none if there is none yet."""
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        statuses = [e["ResourceStatus"] for e in events if e["LogicalResourceId"] == logical_id]
        return str(statuses[0]) if statuses else ""

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        deadline = time.monotonic() + TIMEOUT
        while self.name in [
            stack["StackName"]
            for stack in self.cloudformation.describe_stacks()["Stacks"]
            if stack["StackStatus"] == "DELETE_IN_PROGRESS"
        ]:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def settled(self) -> str:
        deadline = time.monotonic() + TIMEOUT
        while True:
            (stack,) = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
            status = str(stack["StackStatus"])
            if status.endswith(ENDED) and "CLEANUP" not in status:
                return status
            assert time.monotonic() < deadline, status
            time.sleep(0.05)

    def physical_id(self, logical_id: str) -> str:
        resource = self.cloudformation.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )["StackResourceDetail"]
        return str(resource["PhysicalResourceId"])

    def reasons(self) -> list[str]:
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return [
            event["ResourceStatusReason"]
            for event in events
            if event["ResourceStatus"].endswith("_FAILED")
        ]


def resources(account: Account, greeting: str, health: str = "200") -> dict[str, Any]:
    environment = {"GREETING": greeting, "HEALTH": health}
    return {
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Properties": {
                "ExecutionRoleArn": account.role,
                "PrimaryContainer": {
                    "Image": IMAGE,
                    "ModelDataUrl": account.artifact,
                    "Environment": environment,
                },
            },
        },
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": "only",
                        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                        "InstanceType": "ml.t2.medium",
                        "InitialInstanceCount": "1",
                        "InitialVariantWeight": 1,
                    }
                ]
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": "stacked",
                "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
                "Tags": [{"Key": "app", "Value": greeting}],
            },
        },
    }


def config_of(account: Account) -> str:
    endpoint = account.sagemaker.describe_endpoint(EndpointName="stacked")
    return str(endpoint["EndpointConfigName"])


def test_a_stacks_endpoint_lives_through_updates_and_ends_with_the_stack(
    account: Account,
) -> None:
    stack = Stack(account, "hosting")
    assert stack.put(**resources(account, "One")) == "CREATE_COMPLETE", stack.reasons()
    arn = stack.physical_id("Endpoint")
    assert arn == "arn:aws:sagemaker:us-east-1:000000000000:endpoint/stacked"
    assert account.ask("stacked", b"1") == ("only", b"One text/csv 1")
    created = account.sagemaker.describe_endpoint(EndpointName="stacked")["CreationTime"]
    model, first = stack.physical_id("Model"), config_of(account)

    # A changed model is another Model and EndpointConfig, and the same endpoint.
    assert stack.put(**resources(account, "Two")) == "UPDATE_COMPLETE", stack.reasons()
    updated = account.sagemaker.describe_endpoint(EndpointName="stacked")
    assert updated["CreationTime"] == created
    assert stack.physical_id("Model") != model
    assert config_of(account) != first
    assert account.ask("stacked", b"1") == ("only", b"Two text/csv 1")
    tags = account.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert {"Key": "app", "Value": "Two"} in tags
    configs = account.sagemaker.list_endpoint_configs()["EndpointConfigs"]
    assert first not in [config["EndpointConfigName"] for config in configs]

    stack.delete()
    left = [
        endpoint["EndpointName"] for endpoint in account.sagemaker.list_endpoints()["Endpoints"]
    ]
    assert "stacked" not in left
    assert not [
        item["ModelName"]
        for item in account.sagemaker.list_models()["Models"]
        if item["ModelName"].startswith("Model-")
    ]


def test_an_endpoint_that_fails_fails_its_stack_with_the_reason_and_is_gone(
    account: Account,
) -> None:
    stack = Stack(account, "hopeless-stack")
    assert stack.put(**resources(account, "One", health="exit")) == "ROLLBACK_COMPLETE"
    assert any("ended with exit code 3" in reason for reason in stack.reasons())
    left = [
        endpoint["EndpointName"] for endpoint in account.sagemaker.list_endpoints()["Endpoints"]
    ]
    assert "stacked" not in left
    stack.delete()


def test_an_update_that_sagemaker_rolled_back_looks_like_a_success(account: Account) -> None:
    stack = Stack(account, "silent")
    stack.put(**resources(account, "One"))
    before = config_of(account)
    assert stack.put(**resources(account, "Two", health="exit")) == "UPDATE_COMPLETE"
    assert config_of(account) == before
    assert account.ask("stacked", b"1") == ("only", b"One text/csv 1")
    stack.delete()


def test_a_stacks_guarded_update_goes_step_by_step_and_back_on_its_alarm(account: Account) -> None:
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "AWS/SageMaker",
            "MetricName": "Invocation5XXErrors",
            "Dimensions": [
                {"Name": "EndpointName", "Value": "stacked"},
                {"Name": "VariantName", "Value": "only"},
            ],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        },
    }
    size = {"Type": "CAPACITY_PERCENT", "Value": "50"}

    def guarded(greeting: str, wait: str) -> dict[str, Any]:
        policy = {"MaximumBatchSize": size, "WaitIntervalInSeconds": wait}
        found = resources(account, greeting)
        found["Endpoint"]["Properties"]["DeploymentConfig"] = {
            "RollingUpdatePolicy": policy,
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": {"Ref": "Alarm"}}]},
        }
        return {**found, "Alarm": alarm}

    stack = Stack(account, "guarded")
    stack.put(**guarded("One", wait="1"))
    assert stack.put(**guarded("Two", wait="1")) == "UPDATE_COMPLETE", stack.reasons()
    assert account.ask("stacked", b"1") == ("only", b"Two text/csv 1")
    before = config_of(account)
    stack.start(**guarded("Three", wait="3600"))
    while b"Three" not in account.ask("stacked", b"1")[1]:
        time.sleep(0.05)
    with pytest.raises(account.runtime.exceptions.ModelError):
        account.ask("stacked", b"500")
    assert stack.settled() == "UPDATE_COMPLETE"
    assert config_of(account) == before
    assert "in ALARM" in account.endpoint("stacked")["FailureReason"]
    stack.delete()


def test_an_update_that_replaces_a_model_of_a_fixed_name_fails(account: Account) -> None:
    stack = Stack(account, "fixed")
    model = resources(account, "One")["Model"]
    model["Properties"]["ModelName"] = "fixed"
    assert stack.put(Model=model) == "CREATE_COMPLETE", stack.reasons()
    model["Properties"]["PrimaryContainer"]["Environment"] = {"GREETING": "Two"}
    assert stack.put(Model=model) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("custom-named resource requires replacing" in r for r in stack.reasons())
    stack.delete()


def test_a_bucket_has_the_tags_of_its_template(account: Account) -> None:
    stack = Stack(account, "tagged")
    tags = [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"Tags": tags}}
    assert stack.put(Bucket=bucket) == "CREATE_COMPLETE", stack.reasons()
    name = stack.physical_id("Bucket")
    assert tags[0] in account.s3.get_bucket_tagging(Bucket=name)["TagSet"]
    stack.delete()


def test_a_bucket_that_holds_objects_is_not_deleted(account: Account) -> None:
    stack = Stack(account, "full")
    stack.put(Bucket={"Type": "AWS::S3::Bucket"})
    name = stack.physical_id("Bucket")
    account.s3.put_object(Bucket=name, Key="precious", Body=b"1")
    stack.delete()
    assert stack.settled() == "DELETE_FAILED"
    assert account.s3.get_object(Bucket=name, Key="precious")["Body"].read() == b"1"
    account.s3.delete_object(Bucket=name, Key="precious")
    stack.delete()


def function(role: str, code: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": role,
            "Code": {"ZipFile": code},
        },
    }


@pytest.fixture(scope="module")
def lambda_role(account: Account) -> str:
    trust = json.dumps(TRUST).replace("sagemaker.", "lambda.")
    role = account.aws.client("iam").create_role(
        RoleName="functions", AssumeRolePolicyDocument=trust
    )
    return str(role["Role"]["Arn"])


def test_a_custom_resource_whose_function_crashes_fails_at_once_with_its_error(
    account: Account, lambda_role: str
) -> None:
    stack = Stack(account, "crash")
    code = "def handler(event, context):\n    raise RuntimeError('no such column')\n"
    custom = {
        "Type": "Custom::Crash",
        "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}},
    }
    status = stack.put(Function=function(lambda_role, code), Custom=custom)
    assert status == "ROLLBACK_COMPLETE"
    assert any("no such column" in reason for reason in stack.reasons())
    stack.delete()


def test_a_function_sees_the_runtimes_boto3_and_nothing_of_this_project(
    account: Account, lambda_role: str
) -> None:
    stack = Stack(account, "bare")
    code = (
        "import importlib.util, os\n"
        "NAMES = 'boto3', 'aws_cdk', 'ministack', 'local', 'pydantic'\n"
        "def handler(event, context):\n"
        "    found = [n for n in NAMES if importlib.util.find_spec(n)]\n"
        "    return {'found': found, 'home': os.listdir(os.environ['HOME'])}\n"
    )
    stack.put(Function=function(lambda_role, code))
    answer = account.aws.client("lambda").invoke(FunctionName=stack.physical_id("Function"))
    assert json.load(answer["Payload"]) == {"found": ["boto3"], "home": []}
    stack.delete()
