"""Processing and transform jobs in a real engine."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.docker_shim import main as docker
from local.session import EmbeddedAWS
from tests.local.conftest import IMAGE, Account
from tests.local.worker import Worker, processing_input

TAG = "sagestack-test-jobs"
DOCKERFILE = """
FROM debian:bookworm-slim
COPY process serve /opt/program/
ENV PATH=/opt/program:$PATH
"""
PROCESS = r"""#!/bin/sh
test -z "$SAGEMAKER_BASE_DIR" && cd /opt/ml || exit 9
test "$1" = fail && { echo "no column" > output/message; exit 4; }
# Each host is called by every host, so none ends before all have found it.
perl -MIO::Socket::INET -e '
    my $server = IO::Socket::INET->new(LocalPort => 9000, Listen => 9) or die;
    if (!fork) {
        for my $host (@ARGV) {
            select undef, undef, undef, 0.1 until IO::Socket::INET->new("$host:9000");
            print "$host answers\n";
        }
        exit;
    }
    $server->accept for @ARGV;
    wait;
' $(grep -o 'algo-[0-9]*' config/resourceconfig.json | sort -u)
cat processing/rows/a.csv > "processing/output/$(hostname).csv"
"""
# Perl, as Debian has it and no more: answers each line with its number of columns.
SERVE = r"""#!/usr/bin/perl
use IO::Socket::INET;
$SIG{TERM} = sub { exit };
my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 9, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
    my ($length, $body, $answer) = (0, "", "");
    while (<$client>) { $length = $1 if /^content-length: *(\d+)/i; last if /^\r$/ }
    read $client, $body, $length;
    $answer .= (1 + tr/,//) . "\n" for split /\n/, $body;
    my $status = $body =~ /fail/ ? "400 Bad Request" : "200 OK";
    print $client "HTTP/1.1 $status\r\nContent-Length: ", length $answer, "\r\n\r\n$answer";
    close $client;
}
"""


@pytest.fixture(scope="module")
def worker(
    docker_engine: None,  # noqa: ARG001 - decides whether a missing engine skips or fails
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Worker]:
    context = tmp_path_factory.mktemp("image")
    for name, text in (("Dockerfile", DOCKERFILE), ("process", PROCESS), ("serve", SERVE)):
        (context / name).write_text(text)
        (context / name).chmod(0o755)
    image = IMAGE.replace(":1", ":jobs")
    state: Path = tmp_path_factory.mktemp("docker")
    with EmbeddedAWS(state, settings={"SAGESTACK_RUNNER": "docker"}) as aws:
        account = Account(aws)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SAGESTACK_RUNNER", "docker")
            patch.setenv("AWS_ENDPOINT_URL", aws.endpoint_url)
            patch.chdir(context)
            assert docker(["build", "--tag", TAG, "--platform", "linux/amd64", "."]) == 0
            assert docker(["tag", TAG, image]) == 0
            assert docker(["push", image]) == 0
        worker = Worker(account, image=image)
        worker.put(rows__a_csv="1,2\n1,2,3\n")
        yield worker
    subprocess.run(["docker", "rmi", "--force", TAG], check=True, capture_output=True)


def in_two_containers(**change: Any) -> dict[str, Any]:
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
    return {"ProcessingResources": {"ClusterConfig": cluster}, **change}


@pytest.mark.parametrize("isolated", [False, True])
def test_hosts_find_each_other_and_store_what_each_wrote(worker: Worker, isolated: bool) -> None:
    name = "isolated" if isolated else "connected"
    network = {"EnableNetworkIsolation": isolated}
    job = worker.process(name, **in_two_containers(NetworkConfig=network))
    assert job["ProcessingJobStatus"] == "Completed", job
    rows = "1,2\n1,2,3\n"
    assert worker.stored(f"{name}/") == {"algo-1.csv": rows, "algo-2.csv": rows}
    assert (
        list(worker.log("Processing", name).values()) == [["algo-1 answers", "algo-2 answers"]] * 2
    )


def test_the_exit_message_and_the_exit_code_come_out_of_the_container(worker: Worker) -> None:
    application = {"ImageUri": worker.image, "ContainerArguments": ["process", "fail"]}
    job = worker.process("docker-fail", AppSpecification=application)
    assert (job["FailureReason"], job["ExitMessage"]) == (
        "AlgorithmError: , exit code: 4",
        "no column\n",
    )


def test_an_entrypoint_replaces_the_images_own(worker: Worker) -> None:
    application = {
        "ImageUri": worker.image,
        "ContainerEntrypoint": ["sh", "-c"],
        "ContainerArguments": ["cat /opt/ml/processing/rows/a.csv"],
    }
    inputs = [processing_input("rows", "s3://work/rows/a.csv")]
    worker.process("docker-entry", AppSpecification=application, ProcessingInputs=inputs)
    assert list(worker.log("Processing", "docker-entry").values()) == [["1,2", "1,2,3"]]


def test_a_model_transforms_in_its_container(worker: Worker) -> None:
    worker.model("counter")
    given = {"DataProcessing": {"JoinSource": "Input"}, "BatchStrategy": "SingleRecord"}
    job = worker.transform("docker-transform", "s3://work/rows/", given=given)
    assert job["TransformJobStatus"] == "Completed", job
    stored = worker.stored("out/docker-transform/")
    assert stored == {"a.csv.out": "1,2,2\n1,2,3,3\n"}


def test_an_ended_job_leaves_no_container(worker: Worker) -> None:
    run = next(worker.account.aws.state.resolve().glob("run-*"))
    listed = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", f"label=sagestack.run={run}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout == ""
    assert list((run / "containers").iterdir()) == []
