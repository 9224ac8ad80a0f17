"""A private network on the embedded AWS: CloudFormation makes it, jobs and models are in it."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import IMAGE, Account, settled
from tests.local.hosts import network
from tests.local.policies import LOG, READ, WRITE, allow_job
from tests.local.shell import train
from tests.local.test_cloudformation import Stack

ENDPOINT: dict[str, Any] = {
    "Type": "AWS::EC2::VPCEndpoint",
    "Properties": {
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.us-east-1.logs",
        "VpcId": {"Ref": "Vpc"},
        "SubnetIds": [{"Ref": "Subnet"}],
    },
}
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


def rule(way: str, **change: Any) -> dict[str, Any]:
    properties = {"GroupId": {"Ref": "Group"}, **HTTPS, **change}
    return {"Type": f"AWS::EC2::SecurityGroup{way}", "Properties": properties}


def flow_log(vpc: Any) -> dict[str, Any]:
    properties = {"ResourceId": vpc, "ResourceType": "VPC", "TrafficType": "ALL"}
    return {"Type": "AWS::EC2::FlowLog", "Properties": properties}


@pytest.fixture
def stack(account: Account) -> Iterator[Stack]:
    made = Stack(account, f"network-{secrets.token_hex(4)}")
    yield made
    made.delete()


@pytest.fixture
def ec2(account: Account) -> Any:
    return account.aws.client("ec2")


def placed(stack: Stack) -> dict[str, Any]:
    """A VpcConfig in the stack's network."""
    return {
        "Subnets": [stack.physical_id("Subnet")],
        "SecurityGroupIds": [stack.physical_id("Group")],
    }


def interfaces(ec2: Any, stack: Stack) -> list[dict[str, Any]]:
    filters = [{"Name": "group-id", "Values": [stack.physical_id("Group")]}]
    found: list[dict[str, Any]] = ec2.describe_network_interfaces(Filters=filters)[
        "NetworkInterfaces"
    ]
    return found


def test_rules_and_flow_logs_come_and_go_with_their_stack(stack: Stack, ec2: Any) -> None:
    resources = {
        **network(),
        "Out": rule("Egress", DestinationPrefixListId="pl-1"),
        "In": rule("Ingress", SourceSecurityGroupId={"Ref": "Group"}),
        "Flows": flow_log({"Ref": "Vpc"}),
    }
    assert stack.put(**resources) == "CREATE_COMPLETE"
    group = stack.physical_id("Group")

    def rules() -> tuple[list[Any], list[Any]]:
        (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return found["IpPermissions"], found["IpPermissionsEgress"]

    ((into,), (_inline, out)) = rules()
    assert [pair["GroupId"] for pair in into["UserIdGroupPairs"]] == [group]
    assert [each["PrefixListId"] for each in out["PrefixListIds"]] == ["pl-1"]
    (logged,) = ec2.describe_flow_logs(FlowLogIds=[stack.physical_id("Flows")])["FlowLogs"]
    assert logged["ResourceId"] == stack.physical_id("Vpc")

    assert stack.put(**resources, Other=rule("Egress", CidrIp="10.0.0.0/8")) == "UPDATE_COMPLETE"
    assert stack.put(**network()) == "UPDATE_COMPLETE"
    assert ([len(each) for each in rules()], ec2.describe_flow_logs()["FlowLogs"]) == ([0, 1], [])


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (rule("Egress", GroupId="sg-0123"), "The security group 'sg-0123' does not exist"),
        (flow_log("vpc-0123"), "The vpc ID 'vpc-0123' does not exist"),
        (
            {**ENDPOINT, "Properties": {**ENDPOINT["Properties"], "VpcId": "vpc-0123"}},
            "The vpc ID 'vpc-0123' does not exist",
        ),
        (
            {**ENDPOINT, "Properties": {**ENDPOINT["Properties"], "ServiceName": "com.x.y.logz"}},
            "The Vpc Endpoint Service 'com.x.y.logz' does not exist",
        ),
    ],
)
def test_what_is_in_no_network_is_refused(
    stack: Stack, resource: dict[str, Any], reason: str
) -> None:
    assert stack.put(**network(), Wrong=resource) == "ROLLBACK_COMPLETE"
    assert any(reason in found for found in stack.reasons()), stack.reasons()


def test_a_job_is_in_its_subnets_until_a_while_after_it_has_ended(
    account: Account, stack: Stack, ec2: Any
) -> None:
    assert stack.put(**network()) == "CREATE_COMPLETE"
    job = train(account, "placed", "echo done > model/done", VpcConfig=placed(stack))
    assert job["TrainingJobStatus"] == "Completed"
    assert job["VpcConfig"] == placed(stack)
    settled(lambda: {"left": interfaces(ec2, stack)}, lambda found: not found["left"])


def test_an_endpoint_is_in_its_models_subnets_until_a_while_after_it_has_gone(
    account: Account, stack: Stack, ec2: Any
) -> None:
    assert stack.put(**network()) == "CREATE_COMPLETE"
    account.sagemaker.create_model(
        ModelName="placed",
        ExecutionRoleArn=account.role,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": account.artifact},
        VpcConfig=placed(stack),
    )
    variant = {"VariantName": "a", "ModelName": "placed", "InstanceType": "ml.m5.large"}
    account.sagemaker.create_endpoint_config(
        EndpointConfigName="placed", ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    account.sagemaker.create_endpoint(EndpointName="placed", EndpointConfigName="placed")
    assert account.endpoint("placed")["EndpointStatus"] == "InService"
    (interface,) = interfaces(ec2, stack)
    assert interface["SubnetId"] == stack.physical_id("Subnet")

    subnet, group = stack.physical_id("Subnet"), stack.physical_id("Group")
    stack.delete()
    for in_use in (f"The subnet '{subnet}' has dependencies", f"{group} has a dependent object"):
        assert any(in_use in reason for reason in stack.reasons()), stack.reasons()
    account.sagemaker.delete_endpoint(EndpointName="placed")
    settled(lambda: {"left": interfaces(ec2, stack)}, lambda found: not found["left"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Subnets": ["subnet-0123"]}, "The subnet ID 'subnet-0123' does not exist"),
        ({"SecurityGroupIds": ["sg-0123"]}, "The security group 'sg-0123' does not exist"),
        ({"SecurityGroupIds": ["default"]}, "must be of one VPC"),
    ],
)
def test_a_job_and_a_model_are_refused_in_a_network_that_is_not_there(
    account: Account, stack: Stack, ec2: Any, change: dict[str, list[str]], message: str
) -> None:
    assert stack.put(**network()) == "CREATE_COMPLETE"
    config = {**placed(stack), **change}
    if config["SecurityGroupIds"] == ["default"]:  # of the default VPC
        (vpc,) = (vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"])
        groups = ec2.describe_security_groups()["SecurityGroups"]
        config["SecurityGroupIds"] = [g["GroupId"] for g in groups if g["VpcId"] == vpc][:1]
    with pytest.raises(ClientError, match=message):
        account.sagemaker.create_training_job(**account.job("nowhere", VpcConfig=config))
    with pytest.raises(ClientError, match=message):
        account.sagemaker.create_model(
            ModelName="nowhere",
            ExecutionRoleArn=account.role,
            PrimaryContainer={"Image": IMAGE},
            VpcConfig=config,
        )


def test_a_role_that_may_make_no_interfaces_trains_in_no_vpc(guarded: Account) -> None:
    stack = Stack(guarded, "guarded-network")
    assert stack.put(**network()) == "CREATE_COMPLETE"
    allow_job(guarded, *READ, WRITE, LOG)
    request = guarded.job("unplaced", VpcConfig=placed(stack))
    with pytest.raises(ClientError, match="ec2:CreateNetworkInterface"):
        guarded.sagemaker.create_training_job(**request)
    attach = {"Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": "*"}
    allow_job(guarded, *READ, WRITE, LOG, attach)
    assert guarded.train("placed", VpcConfig=placed(stack))["TrainingJobStatus"] == "Completed"
