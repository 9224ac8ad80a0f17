"""Training jobs on several instances: one container each."""

import json
import subprocess
from typing import Any

import pytest

from local.run_directory import LABEL
from tests.local.conftest import Account
from tests.local.shell import channel, model, shell_job, train, until_training

HOST = r"""host=$(sed 's/.*"current_host": "\([^"]*\)".*/\1/' input/config/resourceconfig.json); """
WAIT = "trap exit TERM; sleep 50 & wait"


@pytest.fixture(scope="module")
def bucket(on_each_runner: Account) -> Account:
    """An account whose bucket has four objects below `shared`."""
    for number in range(4):
        on_each_runner.s3.put_object(
            Bucket="iris", Key=f"shared/{number}", Body=f"{number}\n".encode()
        )
    return on_each_runner


def instances(count: int) -> dict[str, Any]:
    return {"InstanceType": "ml.m5.large", "InstanceCount": count, "VolumeSizeInGB": 10}


def test_the_instances_know_each_other_and_their_models_are_merged(bucket: Account) -> None:
    job = train(
        bucket,
        "cluster",
        HOST + "cp input/config/resourceconfig.json model/$host; echo $host > model/same",
        ResourceConfig=instances(2),
    )
    made = model(bucket, job)
    assert made.pop("same") == "algo-1\n"  # where they differ, the first one's counts
    described = {name: json.loads(text) for name, text in made.items()}
    assert sorted(described) == ["algo-1", "algo-2"]
    for host, resources in described.items():
        assert resources["current_host"] == host
        assert resources["hosts"] == ["algo-1", "algo-2"]
        assert resources["instance_groups"] == [
            {
                "instance_group_name": "homogeneousCluster",
                "instance_type": "ml.m5.large",
                "hosts": ["algo-1", "algo-2"],
            }
        ]
    streams = bucket.logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix="cluster/"
    )["logStreams"]
    hosts = [stream["logStreamName"].rpartition("-")[0] for stream in streams]
    assert sorted(hosts) == ["cluster/algo-1", "cluster/algo-2"]


@pytest.mark.parametrize("mode", ["File", "Pipe"])
def test_sharded_by_s3_key_gives_each_instance_its_share(bucket: Account, mode: str) -> None:
    read = {"File": "cat input/data/train/*", "Pipe": "cat input/data/train_0"}[mode]
    sharded = channel("train", "s3://iris/shared/", S3DataDistributionType="ShardedByS3Key")
    job = train(
        bucket,
        f"sharded-{mode.lower()}",
        HOST + f"{read} > model/$host; cat input/data/all/* > model/all-$host",
        ResourceConfig=instances(3),
        InputDataConfig=[{**sharded, "InputMode": mode}, channel("all", "s3://iris/shared/")],
    )
    assert model(bucket, job) == {
        "algo-1": "0\n3\n",
        "algo-2": "1\n",
        "algo-3": "2\n",
        **{f"all-algo-{number}": "0\n1\n2\n3\n" for number in (1, 2, 3)},
    }


def test_an_instance_that_fails_ends_the_others(bucket: Account) -> None:
    job = train(
        bucket,
        "one-fails",
        HOST + f"[ $host = algo-1 ] || {{ echo no rows > output/failure; exit 3; }}; {WAIT}",
        ResourceConfig=instances(2),
    )
    assert job["FailureReason"] == "AlgorithmError: no rows, exit code: 3"
    assert job["TrainingTimeInSeconds"] < 30


def test_in_docker_the_instances_find_each_other_by_name(docker_account: Account) -> None:
    job = train(
        docker_account,
        "by-name",
        HOST + "until getent hosts algo-1 algo-2 > model/$host; do sleep 0.1; done; sleep 10",
        ResourceConfig=instances(2),
    )
    for found in model(docker_account, job).values():
        assert [line.split()[1] for line in found.splitlines()] == ["algo-1", "algo-2"]


def networks(account: Account) -> list[str]:
    """For each Docker network of an account's server, whether it is internal."""
    (run,) = account.aws.state.glob("run-*")
    wanted = f"--filter=label={LABEL}={run.resolve()}"
    names = _docker("network", "ls", "--quiet", wanted)
    return _docker("network", "inspect", "--format={{.Internal}}", *names) if names else []


def _docker(*arguments: str) -> list[str]:
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.parametrize(("isolated", "internal"), [(True, ["true"]), (False, [])])
def test_in_docker_an_isolated_job_has_a_network_without_a_way_out(
    docker_account: Account, isolated: bool, internal: list[str]
) -> None:
    name = f"isolated-{isolated}".lower()
    docker_account.sagemaker.create_training_job(
        **shell_job(docker_account, name, WAIT, EnableNetworkIsolation=isolated)
    )
    until_training(docker_account, name)
    assert networks(docker_account) == internal
    docker_account.sagemaker.stop_training_job(TrainingJobName=name)
    assert docker_account.ended(name)["EnableNetworkIsolation"] is isolated
    assert networks(docker_account) == []
