"""What counts as left behind, of the jobs that can be deleted and of those that cannot."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from local.leftovers import leftovers
from local.session import EmbeddedAWS
from tests.local.conftest import Account
from tests.local.hosts import Host, everything, network
from tests.local.test_cloudformation import Stack
from tests.local.test_notebooks import config, notebook
from tests.local.test_private_network import ENDPOINT, flow_log
from tests.local.worker import Worker

CONFIG_NAME = "NotebookInstanceLifecycleConfigName"
NO_STACK = {"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with EmbeddedAWS(tmp_path, settings={"SAGESTACK_RUNNER": "process"}) as aws:
        cloudformation = aws.client("cloudformation")
        cloudformation.create_stack(StackName="CDKToolkit", TemplateBody=json.dumps(NO_STACK))
        cloudformation.get_waiter("stack_create_complete").wait(StackName="CDKToolkit")
        yield Worker(Account(aws))


@pytest.fixture
def jobs_left(worker: Worker) -> Callable[[], list[str]]:
    """Asks what is left of jobs and their logs."""
    client = cache(worker.account.aws.client)
    return lambda: [each for each in leftovers(client) if each.startswith(("sagemaker:", "logs:"))]


def test_jobs_and_their_logs_are_left_but_not_a_transform_job_that_ended(
    worker: Worker, jobs_left: Callable[[], list[str]]
) -> None:
    worker.put(rows__a_csv="1\n", endless_csv="slow\n")
    logs = worker.account.logs
    logs.create_log_group(logGroupName="/aws/sagemaker/ProcessingJobs")
    assert jobs_left() == []

    worker.process("a-process")
    (stream,) = (f"a-process/{name}" for name in worker.log("Processing", "a-process"))
    group = "/aws/sagemaker/ProcessingJobs"
    assert jobs_left() == ["sagemaker: a-process", f"logs: {group}", f"logs: {stream}"]
    worker.sagemaker.delete_processing_job(ProcessingJobName="a-process")
    logs.delete_log_stream(logGroupName=group, logStreamName=stream)
    assert jobs_left() == []

    model = worker.model("sleeper", SLOW="60")
    request = worker.transforming("a-transform", "s3://work/endless.csv", model=model)
    worker.sagemaker.create_transform_job(**request)
    assert "sagemaker: a-transform" in jobs_left()
    worker.sagemaker.stop_transform_job(TransformJobName="a-transform")
    worker.transformed("a-transform")
    left = jobs_left()
    assert "sagemaker: a-transform" not in left
    assert "logs: /aws/sagemaker/TransformJobs" in left
    assert [each for each in left if each.endswith("/data-log")]


def test_a_hosts_stack_leaves_nothing_and_all_that_it_has_would_count(worker: Worker) -> None:
    account = worker.account
    client = cache(account.aws.client)
    before = leftovers(client)
    host = Host(account, "host")
    host.up(**everything(), Config=config(), Notebook=notebook(account))
    left = set(leftovers(client))
    notebooks = account.sagemaker.list_notebook_instances()["NotebookInstances"]
    configs = account.sagemaker.list_notebook_instance_lifecycle_configs()
    (secret,) = client("secretsmanager").list_secrets()["SecretList"]
    volumes = client("ec2").describe_volumes()["Volumes"]
    assert len(volumes) == 2
    assert left >= {
        f"ec2: {host.id}",
        *(f"ec2: {host.physical_id(name)}" for name in ("Group", "Subnet", "Vpc")),
        *(f"ec2: {volume['VolumeId']}" for volume in volumes),
        f"iam: {host.physical_id('Profile')}",
        f"scheduler: {host.physical_id('Night')}",
        f"secretsmanager: {secret['Name']}",
        f"sagemaker: {notebooks[0]['NotebookInstanceName']}",
        f"sagemaker: {configs['NotebookInstanceLifecycleConfigs'][0][CONFIG_NAME]}",
    }
    snapshot = host.ec2.create_snapshot(VolumeId=host.physical_id("Disk"))["SnapshotId"]
    host.down()
    assert leftovers(client) == [*before, f"ec2: {snapshot}"]
    host.ec2.delete_snapshot(SnapshotId=snapshot)
    assert leftovers(client) == before


def test_all_that_is_in_a_network_is_left(worker: Worker) -> None:
    client = cache(worker.account.aws.client)
    before = leftovers(client)
    stack = Stack(worker.account, "network")
    resources = {**network(), "Endpoint": ENDPOINT, "Flows": flow_log({"Ref": "Vpc"})}
    assert stack.put(**resources) == "CREATE_COMPLETE"
    ec2, subnet = client("ec2"), stack.physical_id("Subnet")
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    routes = ec2.create_route_table(VpcId=stack.physical_id("Vpc"))["RouteTable"]["RouteTableId"]
    left = set(leftovers(client))
    assert left >= {
        *(f"ec2: {stack.physical_id(logical_id)}" for logical_id in resources),
        f"ec2: {interface['NetworkInterfaceId']}",
        f"ec2: {routes}",
    }
    ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    ec2.delete_route_table(RouteTableId=routes)
    stack.delete()
    assert leftovers(client) == before
