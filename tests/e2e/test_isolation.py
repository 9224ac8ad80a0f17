"""Workloads in a VPC of the app's own, with no way to the internet, and a key on everything.

One is tuned, evaluated, served, captured and transformed there, with network isolation. IAM is
enforced, so that each role is shown to have what all of that takes, and not what another's has.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cdk_cli import ROOT
from local.iris import predict
from local.leftovers import leftovers
from local.session import EmbeddedAWS
from tests.e2e.conftest import APP, App, project

WORKLOAD, OTHER = "iris-tuned", "iris-mars"
NETWORK, SHARED = f"{APP}-network", f"{APP}-shared"
VPC = '[vpc]\ncidr = "10.20.0.0/16"\n'
ISOLATED = "network_isolation = true\n"
CAPTURE = "\n[data_capture]\n"
Described = dict[str, Any]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD, SAGESTACK_FAULTS="linger=3") as app:
        (app.root / "environments" / "default.toml").write_text(VPC)
        folder = app.root / "workloads"
        (folder / f"{OTHER}.toml").write_text((ROOT / "workloads" / f"{OTHER}.toml").read_text())
        for table in ("[models.mars]\n", "[models.mars.training]\n", "[evaluation]\n"):
            _add(folder / f"{WORKLOAD}.toml", table, ISOLATED)
        with (folder / f"{WORKLOAD}.toml").open("a") as workload:
            workload.write(CAPTURE)
        app.bootstrap()
        app.deploy()
        yield app


def _add(path: Path, table: str, lines: str) -> None:
    text = path.read_text()
    assert text.count(f"\n{table}") == 1, f"{table} in {path}"
    path.write_text(text.replace(f"\n{table}", f"\n{table}{lines}"))


@pytest.fixture(scope="module")
def placement(app: App) -> Described:
    """The VpcConfig of the network stack's resources."""
    found = _resources(app, NETWORK)
    return {
        "Subnets": sorted(found["AWS::EC2::Subnet"]),
        "SecurityGroupIds": [next(i for i in found["AWS::EC2::SecurityGroup"] if _is_jobs(app, i))],
    }


def _resources(app: App, stack: str) -> dict[str, list[str]]:
    """The physical ids of a stack's resources, by type."""
    found: dict[str, list[str]] = {}
    pages = app.aws.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            found.setdefault(resource["ResourceType"], []).append(resource["PhysicalResourceId"])
    return found


def _is_jobs(app: App, group: str) -> bool:
    described = app.aws.client("ec2").describe_security_groups(GroupIds=[group])
    return str(described["SecurityGroups"][0]["Description"]).startswith("Jobs and models")


def _jobs(app: App) -> Iterator[tuple[str, Described]]:
    """Each job that a deploy has run, described, with its kind."""
    sagemaker = app.aws.client("sagemaker")
    for kind, summaries in (
        ("training_job", "TrainingJobSummaries"),
        ("processing_job", "ProcessingJobSummaries"),
        ("transform_job", "TransformJobSummaries"),
    ):
        name = "".join(part.capitalize() for part in f"{kind}_name".split("_"))
        for job in getattr(sagemaker, f"list_{kind}s")(MaxResults=100)[summaries]:
            yield kind, getattr(sagemaker, f"describe_{kind}")(**{name: job[name]})


def _models(app: App) -> list[Described]:
    sagemaker = app.aws.client("sagemaker")
    return [
        sagemaker.describe_model(ModelName=model["ModelName"])
        for model in sagemaker.list_models()["Models"]
    ]


def _key(app: App) -> str:
    (key,) = _resources(app, SHARED)["AWS::KMS::Key"]
    return str(app.aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"])


@pytest.mark.parametrize("workload", [WORKLOAD, OTHER])
def test_each_workload_answers_through_the_api(app: App, workload: str) -> None:
    assert predict(app.api, workload).rmse < 1


def test_every_job_and_model_ran_in_the_subnets(app: App, placement: Described) -> None:
    jobs = list(_jobs(app))
    assert {kind for kind, _ in jobs} == {"training_job", "processing_job", "transform_job"}
    configs = [
        job.get("VpcConfig") or job["NetworkConfig"]["VpcConfig"]
        for kind, job in jobs
        if kind != "transform_job"  # which runs where its model does
    ]
    configs += [model["VpcConfig"] for model in _models(app)]
    for config in configs:
        assert {**config, "Subnets": sorted(config["Subnets"])} == placement


def test_what_asked_for_isolation_has_it(app: App) -> None:
    isolated = [
        job.get("EnableNetworkIsolation") or job.get("NetworkConfig", {})["EnableNetworkIsolation"]
        for kind, job in _jobs(app)
        if kind != "transform_job" and f"{APP}-{OTHER}" not in json.dumps(job, default=str)
    ]
    assert isolated
    assert all(isolated)
    assert sorted(model["EnableNetworkIsolation"] for model in _models(app)) == [False, True]


def test_the_apps_key_encrypts_every_volume(app: App) -> None:
    key, sagemaker = _key(app), app.aws.client("sagemaker")
    for kind, job in _jobs(app):
        resources = {
            "training_job": lambda job: job["ResourceConfig"],
            "processing_job": lambda job: job["ProcessingResources"]["ClusterConfig"],
            "transform_job": lambda job: job["TransformResources"],
        }[kind](job)
        assert resources["VolumeKmsKeyId"] == key
    for workload in (WORKLOAD, OTHER):
        name = replace(app, workload=workload).endpoint()["EndpointConfigName"]
        assert sagemaker.describe_endpoint_config(EndpointConfigName=name)["KmsKeyId"] == key


def test_the_apps_key_encrypts_every_object_and_line(app: App) -> None:
    key, s3 = _key(app), app.aws.client("s3")
    bucket = app.deployment.output(SHARED, "DataBucket")
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    folders = {"/".join(each["Key"].split("/")[:2]) for each in listed}
    assert {f"{WORKLOAD}/{name}" for name in ("models", "evaluations", "transforms")} <= folders
    for each in listed:
        if each["Key"].split("/")[1] != "data":  # which the bucket encrypts by itself
            assert s3.head_object(Bucket=bucket, Key=each["Key"])["SSEKMSKeyId"] == key, each["Key"]
    groups = app.aws.client("logs").describe_log_groups()["logGroups"]
    ours = {group["logGroupName"]: group.get("kmsKeyId") for group in groups}
    without = [name for name, encrypted_with in ours.items() if encrypted_with != key]
    for name in without:  # the account's own, and the stack's that comes before the key
        assert name.startswith(("/aws/sagemaker/T", "/aws/sagemaker/P", "StagingStack")), name
    assert f"/aws/sagemaker/Endpoints/{APP}-{WORKLOAD}" not in without


def test_the_endpoint_has_interfaces_in_each_subnet(app: App, placement: Described) -> None:
    ec2 = app.aws.client("ec2")
    filters = [{"Name": "group-id", "Values": placement["SecurityGroupIds"]}]
    found = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    of_endpoint = [each for each in found if f"endpoint/{APP}-{OTHER}" in each["Description"]]
    assert sorted(each["SubnetId"] for each in of_endpoint) == placement["Subnets"]


def test_the_groups_let_out_what_is_needed(app: App, placement: Described) -> None:
    ec2 = app.aws.client("ec2")
    (vpc,) = _resources(app, NETWORK)["AWS::EC2::VPC"]
    groups = ec2.describe_security_groups()["SecurityGroups"]
    ours = {group["GroupId"]: group for group in groups if group["VpcId"] == vpc}
    (default,) = (group for group in ours.values() if group["GroupName"] == "default")
    assert (default["IpPermissions"], default["IpPermissionsEgress"]) == ([], [])
    (jobs,) = placement["SecurityGroupIds"]
    assert ours[jobs]["IpPermissions"] == []
    rules = ours[jobs]["IpPermissionsEgress"]
    assert {(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in rules} == {
        ("tcp", 443, 443)
    }
    lists = [each["PrefixListId"] for rule in rules for each in rule["PrefixListIds"]]
    (s3,) = ec2.describe_prefix_lists(PrefixListIds=lists)["PrefixLists"]
    assert s3["PrefixListName"].endswith(".s3")


def _session(aws: EmbeddedAWS, role_arn: str) -> Callable[[str], Any]:
    """What a container has: credentials of the role that its job or model runs as."""
    iam, sts = aws.client("iam"), aws.client("sts")
    name = role_arn.rpartition("/")[2]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    own = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    open_to_us = {**trust, "Statement": [*trust["Statement"], own]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(open_to_us))
    given = sts.assume_role(RoleArn=role_arn, RoleSessionName="container")["Credentials"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    session = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], aws.region
    )

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=aws.endpoint_url)  # type: ignore[call-overload]

    return client


def test_the_roles_of_one_workload_are_refused_what_is_anothers(app: App) -> None:
    bucket = app.deployment.output(SHARED, "DataBucket")
    listed = app.aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    theirs = next(each["Key"] for each in listed if each["Key"].startswith(f"{WORKLOAD}/models/"))
    own = next(each["Key"] for each in listed if each["Key"].startswith(f"{OTHER}/models/"))
    (model,) = (each for each in _models(app) if not each["EnableNetworkIsolation"])
    client = _session(app.aws, model["ExecutionRoleArn"])
    s3, ecr = client("s3"), client("ecr")
    assert s3.get_object(Bucket=bucket, Key=own)["Body"].read()
    refused: dict[str, Described] = {
        "get_object": {"Key": theirs},
        "put_object": {"Key": theirs, "Body": b"mine"},
        "list_objects_v2": {"Prefix": f"{WORKLOAD}/"},
    }
    for operation, request in refused.items():
        with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
            getattr(s3, operation)(Bucket=bucket, **request)
    image = {"imageTag": model["PrimaryContainer"]["Image"].rpartition(":")[2]}
    assert ecr.batch_get_image(repositoryName=f"{APP}/mars", imageIds=[image])["images"]
    with pytest.raises(ClientError, match="not authorized"):
        ecr.batch_get_image(repositoryName=f"{APP}/sklearn", imageIds=[{"imageTag": "1"}])


def test_destroy_waits_for_the_last_interface_and_leaves_nothing(app: App) -> None:
    app.deployment.destroy(lambda _: None)
    assert leftovers(app.aws.client) == []
