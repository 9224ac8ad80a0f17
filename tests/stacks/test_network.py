"""A VPC of the app's own: no way in, no way to the internet, and what jobs and models need."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from app import ROOT, build_app
from environments.loading import Settings
from environments.schema import Environment
from tests.stacks.conftest import WORKLOADS, Resource, workload_of
from tests.stacks.policies import allowed_by

NETWORK, STACK, ALONE = "sagestack-network", "sagestack-everything", "sagestack-a-b"
ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
Templates = dict[str, dict[str, Any]]


def _templates(outdir: Path, vpc: dict[str, Any], *workloads: str, checked: bool) -> Templates:
    """The templates of an app with that VPC; its synth fails on what cdk-nag finds."""
    settings = Settings(
        Environment.model_validate({"vpc": vpc, "account": "123456789012", "region": "eu-west-1"}),
        tuple(workload_of(WORKLOADS / f"{name}.toml") for name in workloads),
    )
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    build_app(App(context=context, outdir=str(outdir)), settings, checked=checked).synth()
    assert "missing" not in json.loads((outdir / "manifest.json").read_text())
    return {
        path.name.removesuffix(".template.json"): json.loads(path.read_text())["Resources"]
        for path in outdir.glob("*.template.json")
    }


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """An app whose training is distributed."""
    outdir = tmp_path_factory.mktemp("cdk.out")
    return _templates(outdir, {"cidr": "10.0.0.0/16"}, "everything", "guarded", checked=True)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """An app with a workload whose jobs have one instance each."""
    vpc = {"cidr": "10.0.0.0/16", "availability_zones": ZONES}
    return _templates(tmp_path_factory.mktemp("cdk.out"), vpc, "a-b", checked=False)


def _of(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of each resource of a type of EC2, by its logical id."""
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in template.items()
        if resource["Type"] == f"AWS::EC2::{kind}"
    }


def _group(template: dict[str, Any], what: str) -> tuple[str, Resource]:
    (found,) = (
        (logical_id, group)
        for logical_id, group in _of(template, "SecurityGroup").items()
        if group["GroupDescription"].startswith(what)
    )
    return found


def test_there_is_no_way_to_the_internet(templates: Templates) -> None:
    kinds = {each["Type"] for template in templates.values() for each in template.values()}
    ways_out = ("InternetGateway", "NatGateway", "EIP", "EgressOnlyInternetGateway", "Route")
    assert not kinds & {f"AWS::EC2::{kind}" for kind in ways_out}
    for subnet in _of(templates[NETWORK], "Subnet").values():
        assert subnet["MapPublicIpOnLaunch"] is False


def test_each_zone_has_a_subnet_and_all_go_by_one_route_table(alone: Templates) -> None:
    subnets = _of(alone[NETWORK], "Subnet")
    assert [subnet["AvailabilityZone"] for subnet in subnets.values()] == ZONES
    blocks = ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18"]
    assert [subnet["CidrBlock"] for subnet in subnets.values()] == blocks
    (routes,) = _of(alone[NETWORK], "RouteTable")
    associated = _of(alone[NETWORK], "SubnetRouteTableAssociation").values()
    assert {each["RouteTableId"]["Ref"] for each in associated} == {routes}
    assert {each["SubnetId"]["Ref"] for each in associated} == set(subnets)


def test_zones_that_are_not_named_are_cloudformations_first_two(templates: Templates) -> None:
    zones = [each["AvailabilityZone"] for each in _of(templates[NETWORK], "Subnet").values()]
    assert zones == [{"Fn::Select": [at, {"Fn::GetAZs": ""}]} for at in (0, 1)]


def test_there_are_endpoints_for_objects_logs_and_metrics_and_no_others(
    templates: Templates,
) -> None:
    endpoints = _of(templates[NETWORK], "VPCEndpoint").values()
    assert sorted((each["VpcEndpointType"], each["ServiceName"]) for each in endpoints) == [
        ("Gateway", "com.amazonaws.eu-west-1.s3"),
        ("Interface", "com.amazonaws.eu-west-1.logs"),
        ("Interface", "com.amazonaws.eu-west-1.monitoring"),
    ]
    endpoints_group, _ = _group(templates[NETWORK], "Interface endpoints")
    for each in endpoints:
        if each["VpcEndpointType"] == "Interface":
            assert each["PrivateDnsEnabled"] is True
            assert each["SecurityGroupIds"] == [{"Ref": endpoints_group}]
            assert len(each["SubnetIds"]) == 2
        else:
            assert {routes["Ref"] for routes in each["RouteTableIds"]} == set(
                _of(templates[NETWORK], "RouteTable")
            )


def _endpoint_policy(templates: Templates, service: str) -> dict[str, set[str]]:
    (endpoint,) = (
        each
        for each in _of(templates[NETWORK], "VPCEndpoint").values()
        if each["ServiceName"].endswith(f".{service}")
    )
    return allowed_by({"Properties": endpoint})


def test_s3_is_the_apps_bucket_and_those_that_the_workloads_name(templates: Templates) -> None:
    may = _endpoint_policy(templates, "s3")
    named = {"their-bucket", "listed-bucket", "other-bucket"}
    arns = {f"arn:aws:s3:::{bucket}" for bucket in named}
    assert may == {
        "s3:GetObject": {"BUCKET/*", *(f"{arn}/*" for arn in arns)},
        "s3:ListBucket": {"BUCKET", *arns},
        "s3:AbortMultipartUpload": {"BUCKET/*"},
        "s3:PutObject": {"BUCKET/*"},
    }


def test_logs_are_sagemakers_groups_of_this_account(templates: Templates) -> None:
    may = _endpoint_policy(templates, "logs")
    groups = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/sagemaker/*"
    assert set(may) == {
        *("logs:CreateLogGroup", "logs:CreateLogStream"),
        *("logs:DescribeLogStreams", "logs:PutLogEvents"),
    }
    assert {arn for arns in may.values() for arn in arns} == {groups}
    assert _endpoint_policy(templates, "monitoring") == {"cloudwatch:PutMetricData": {"*"}}


def _rules(group: Resource, way: str) -> Iterator[tuple[str, Any]]:
    for rule in group.get(f"SecurityGroup{way}", []):
        to = rule.get("CidrIp") or rule["SourceSecurityGroupId"]["Ref"]
        yield to, (rule["IpProtocol"], rule["FromPort"], rule["ToPort"])


def test_jobs_and_models_reach_the_endpoints_and_nothing_reaches_them(alone: Templates) -> None:
    template = alone[NETWORK]
    jobs, group = _group(template, "Jobs and models")
    https = ("tcp", 443, 443)
    assert list(_rules(group, "Ingress")) == []
    assert list(_rules(group, "Egress")) == [("10.0.0.0/16", https)]
    (s3,) = _of(template, "SecurityGroupEgress").values()
    assert s3["GroupId"] == {"Ref": jobs}
    assert s3["DestinationPrefixListId"]["Fn::GetAtt"][1] == "S3PrefixListId"
    assert (s3["IpProtocol"], s3["FromPort"], s3["ToPort"]) == https
    assert not _of(template, "SecurityGroupIngress")
    _, endpoints = _group(template, "Interface endpoints")
    assert list(_rules(endpoints, "Ingress")) == [(jobs, https)]
    assert [to for to, _ in _rules(endpoints, "Egress")] == ["255.255.255.255/32"]


def test_the_instances_of_a_distributed_training_reach_each_other(templates: Templates) -> None:
    template = templates[NETWORK]
    jobs, _ = _group(template, "Jobs and models")
    (ingress,) = _of(template, "SecurityGroupIngress").values()
    assert ingress["GroupId"] == ingress["SourceSecurityGroupId"] == {"Ref": jobs}
    (egress,) = (
        rule
        for rule in _of(template, "SecurityGroupEgress").values()
        if "DestinationSecurityGroupId" in rule
    )
    assert egress["GroupId"] == egress["DestinationSecurityGroupId"] == {"Ref": jobs}


def test_the_default_group_is_closed_by_who_may_close_no_other(templates: Templates) -> None:
    template = templates[NETWORK]
    (vpc,) = _of(template, "VPC")
    default = {"Fn::GetAtt": [vpc, "DefaultSecurityGroup"]}
    (custom,) = (
        each["Properties"]
        for each in template.values()
        if each["Type"] == "Custom::SageMakerPrivateNetwork"
    )
    assert custom["DefaultSecurityGroupId"] == default
    (revoking,) = (
        statement
        for each in template.values()
        if each["Type"] == "AWS::IAM::Policy"
        for statement in each["Properties"]["PolicyDocument"]["Statement"]
        if "ec2:RevokeSecurityGroupIngress" in statement["Action"]
    )
    assert revoking["Resource"]["Fn::Join"][1][-1] == default
    for stack in ("sagestack-shared", STACK):
        assert "ec2:Revoke" not in json.dumps(templates[stack])


def test_groups_and_subnets_are_deleted_when_the_last_interface_has_gone(
    templates: Templates,
) -> None:
    """CloudFormation deletes what a resource depends on after it, and all else meanwhile."""
    (waiting,) = (
        each
        for each in templates[NETWORK].values()
        if each["Type"] == "Custom::SageMakerPrivateNetwork"
    )
    after = {*waiting["DependsOn"], waiting["Properties"]["SecurityGroupId"]["Ref"]}
    jobs, _ = _group(templates[NETWORK], "Jobs and models")
    assert {jobs, *_of(templates[NETWORK], "Subnet"), *_of(templates[NETWORK], "VPC")} <= after


def test_all_that_flows_is_logged_to_an_encrypted_group(templates: Templates) -> None:
    (flow_log,) = _of(templates[NETWORK], "FlowLog").values()
    (vpc,) = _of(templates[NETWORK], "VPC")
    assert (flow_log["ResourceId"], flow_log["TrafficType"]) == ({"Ref": vpc}, "ALL")
    group = templates[NETWORK][flow_log["LogDestination"]["Fn::GetAtt"][0]]
    assert "StorageKey" in group["Properties"]["KmsKeyId"]["Fn::ImportValue"]


def test_every_job_and_model_is_in_the_subnets_and_in_the_group(templates: Templates) -> None:
    found = [
        config
        for stack in (STACK, "sagestack-guarded")
        for resource in templates[stack].values()
        for config in _vpc_configs(resource["Properties"])
    ]
    models = sum(each["Type"] == "AWS::SageMaker::Model" for each in templates[STACK].values())
    assert len(found) > models + 3
    for config in found:
        assert [subnet["Fn::ImportValue"].split(":")[0] for subnet in config["Subnets"]] == [
            NETWORK,
            NETWORK,
        ]
        (group,) = config["SecurityGroupIds"]
        assert "GroupsJobs" in group["Fn::ImportValue"]
    for model in (each for each in templates[STACK].values() if each["Type"].endswith("::Model")):
        assert "VpcConfig" in model["Properties"]


def _vpc_configs(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "VpcConfig":
                yield member
            else:
                yield from _vpc_configs(member)
