"""The server as a process: what it listens on, what it leaves, whom it listens to."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from local.docker_shim import STATE
from local.docker_shim import main as docker
from local.run_directory import processes_of
from local.session import EmbeddedAWS
from tests.local.conftest import CONTAINER, TIMEOUT, Account
from tests.local.test_cloudformation import Stack, function
from tests.local.tuner import Tuner
from tests.local.worker import Worker

PROCESS = {"SAGESTACK_RUNNER": "process"}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[EmbeddedAWS]:
    server = EmbeddedAWS(tmp_path / "state", settings=PROCESS)
    server.start()
    yield server
    server.stop()


def run_of(aws: EmbeddedAWS) -> Path:
    return aws.state.resolve() / f"run-{aws.pid}"


def none_left(run: Path) -> bool:
    """Whether the processes of a run end by themselves."""
    deadline = time.monotonic() + TIMEOUT
    while processes_of(run) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes_of(run) == []


def runs(pid: int) -> bool:
    """Whether a process runs; one that has ended may wait for its parent to look (state Z)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def listening(pid: int) -> set[str]:
    """The addresses that a process listens on, TCP and UDP."""
    sockets = {
        os.readlink(entry)
        for entry in Path(f"/proc/{pid}/fd").iterdir()
        if entry.is_symlink() and os.readlink(entry).startswith("socket:")
    }
    found = set()
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == state and f"socket:[{columns[9]}]" in sockets:
                address, port = columns[1].split(":")
                found.add(f"{table} {address} {int(port, 16)}")
    return found


def test_nothing_listens_but_one_port_of_the_loopback(embedded_aws: EmbeddedAWS) -> None:
    assert listening(embedded_aws.pid) == {f"tcp 0100007F {embedded_aws.port}"}


def test_a_connection_is_kept_after_a_thousand_requests(embedded_aws: EmbeddedAWS) -> None:
    connection = HTTPConnection("127.0.0.1", embedded_aws.port)
    connection.connect()
    ours = connection.sock.getsockname()
    for _ in range(1010):
        connection.request("GET", "/_ministack/health")
        assert connection.getresponse().read()
    assert connection.sock.getsockname() == ours
    connection.close()


def test_containers_listen_on_the_loopback_only(account: Account) -> None:
    account.serve("listener", only="Hello")
    addresses = {address for pid in processes_of(run_of(account.aws)) for address in listening(pid)}
    assert addresses
    assert all(address.startswith("tcp 0100007F ") for address in addresses)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_stopped_leaves_only_its_log(aws: EmbeddedAWS, number: int) -> None:
    Account(aws).serve("greeter", only="Hello")
    run = run_of(aws)
    assert processes_of(run)
    environment = aws.environment()
    Path(environment[STATE]).mkdir()
    os.kill(aws.pid, number)
    aws.wait()
    aws.stop()
    assert processes_of(run) == []
    assert [path.name for path in aws.state.iterdir()] == ["server.log"]


def test_after_a_kill_the_containers_end_and_the_next_start_cleans_up(aws: EmbeddedAWS) -> None:
    Account(aws).serve("greeter", only="Hello")
    run = run_of(aws)
    os.kill(aws.pid, signal.SIGKILL)
    aws.wait()
    assert none_left(run)
    assert run.exists()
    aws.start()
    assert not run.exists()
    assert aws.client("sagemaker").list_endpoints()["Endpoints"] == []


def test_the_server_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from local.session import EmbeddedAWS\n"
        "aws = EmbeddedAWS(Path(sys.argv[1])); aws.start()\n"
        "print(aws.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    started = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    deadline = time.monotonic() + TIMEOUT
    while runs(int(started.stdout)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [path.name for path in tmp_path.iterdir()] == ["server.log"]


def test_a_server_ends_while_a_custom_resource_waits(aws: EmbeddedAWS) -> None:
    account = Account(aws)
    silent = "def handler(event, context):\n    return None\n"
    custom = {
        "Type": "Custom::Silent",
        "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}},
    }
    stack = Stack(account, "waiting")
    stack.start(Function=function(account.role, silent), Custom=custom)
    deadline = time.monotonic() + TIMEOUT
    while stack.status_of("Custom") != "CREATE_IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    aws.stop()
    assert aws.wait() == 0  # nor did it have to be killed
    assert [path.name for path in aws.state.iterdir()] == ["server.log"]


def start_jobs(aws: EmbeddedAWS) -> Account:
    """Have a job of each kind run, none of which ends by itself."""
    account = Account(aws)
    worker, tuner = Worker(account), Tuner(account)
    worker.put(rows__a_csv="slow\n")
    model = worker.model("sleeper", SLOW="300")
    account.sagemaker.create_training_job(**account.job("train", HyperParameters={"do": "wait"}))
    worker.sagemaker.create_processing_job(**worker.processing("process", "wait"))
    transforming = worker.transforming("transform", "s3://work/rows/", model=model)
    worker.sagemaker.create_transform_job(**transforming)
    tuner.start("tune", jobs=9, parallel=3, static={"do": "wait"})
    tuner.until("tune", lambda job: job["TrainingJobStatusCounters"]["InProgress"] == 3)
    account.until_logged("/aws/sagemaker/TrainingJobs", "train", "waiting")
    account.until_logged("/aws/sagemaker/ProcessingJobs", "process", "waiting")
    return account


def test_a_server_that_is_stopped_leaves_nothing_of_its_jobs(aws: EmbeddedAWS) -> None:
    start_jobs(aws)
    run = run_of(aws)
    aws.stop()
    assert aws.wait() == 0  # nor did it have to be killed
    assert none_left(run)
    assert [path.name for path in aws.state.iterdir()] == ["server.log"]


def test_a_reset_of_ministack_ends_containers_and_jobs_too(aws: EmbeddedAWS) -> None:
    start_jobs(aws).serve("greeter", only="Hello")
    request = urllib.request.Request(f"{aws.endpoint_url}/_ministack/reset", method="POST")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        assert answer.status == 200
    assert none_left(run_of(aws))
    kinds = ("training", "processing", "transform", "hyper_parameter_tuning")
    for listed in ("endpoints", "endpoint_configs", "models", *(f"{kind}_jobs" for kind in kinds)):
        answered = getattr(aws.client("sagemaker"), f"list_{listed}")()
        assert [value for value in answered.values() if isinstance(value, list)] == [[]]


def test_a_second_server_does_not_pass_for_the_first(aws: EmbeddedAWS, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=f"port {aws.port} is taken"):
        EmbeddedAWS(tmp_path / "second", port=aws.port)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    aws = EmbeddedAWS(tmp_path, settings={"PYTHONSAFEPATH": "1"})  # cannot import from its folder
    with pytest.raises(RuntimeError, match="No module named 'local'"):
        aws.start()


def test_a_port_is_taken_before_anything_is_started(tmp_path: Path) -> None:
    # two that start at one moment must not both find the same port free
    first, second = EmbeddedAWS(tmp_path / "first"), EmbeddedAWS(tmp_path / "second")
    try:
        assert first.port != second.port
    finally:
        first.stop()
        second.stop()


def test_a_taken_port_is_left_alone(aws: EmbeddedAWS, tmp_path: Path) -> None:
    assert EmbeddedAWS(tmp_path / "second").port != aws.port


def test_the_environment_leads_to_no_real_account(
    aws: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("AWS_PROFILE", "production"),
        ("AWS_SESSION_TOKEN", "secret"),
        ("AWS_ENDPOINT_URL_S3", "https://s3.amazonaws.com"),
        ("HTTPS_PROXY", "http://proxy:3128"),
        ("CDK_DEPLOY_ACCOUNT", "123456789012"),
    ):
        monkeypatch.setenv(name, value)
    environment = aws.environment()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "HTTPS_PROXY"):
        assert name not in environment
    assert "CDK_DEPLOY_ACCOUNT" not in environment
    assert environment["AWS_ENDPOINT_URL"] == aws.endpoint_url
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_without_an_engine_the_clis_docker_pushes_the_build_context(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ecr = account.aws.client("ecr")
    repository = ecr.create_repository(repositoryName="assets")["repository"]["repositoryUri"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.aws.endpoint_url)
    monkeypatch.setenv("SAGESTACK_RUNNER", "process")
    monkeypatch.setenv(STATE, str(tmp_path))
    monkeypatch.chdir(CONTAINER)
    assert docker(["inspect", "cdkasset-a"]) == 1
    assert docker(["build", "--tag", "cdkasset-a", "--platform", "linux/amd64", "."]) == 0
    assert docker(["inspect", "cdkasset-a"]) == 0
    assert docker(["tag", "cdkasset-a", f"{repository}:a"]) == 0
    assert docker(["push", f"{repository}:a"]) == 0
    (image,) = ecr.describe_images(repositoryName="assets")["imageDetails"]
    assert image["imageTags"] == ["a"]
    assert image["imageDigest"].startswith("sha256:")


def test_an_image_that_is_not_there_is_not_taken_for_published(account: Account) -> None:
    ecr = account.aws.client("ecr")
    ecr.create_repository(repositoryName="empty")
    with pytest.raises(ecr.exceptions.ImageNotFoundException):
        ecr.describe_images(repositoryName="empty", imageIds=[{"imageTag": "a"}])


def test_the_clis_docker_does_nothing_that_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SAGESTACK_RUNNER", "process")
    monkeypatch.setenv(STATE, str(tmp_path))
    assert docker(["run", "image"]) == 2


def test_node_is_found_by_the_cli(aws: EmbeddedAWS) -> None:
    version = subprocess.run(
        ["node", "--version"], env=aws.environment(), capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("v24.")


def test_a_second_server_on_the_same_folder_is_refused(aws: EmbeddedAWS) -> None:
    second = EmbeddedAWS(aws.state, settings=PROCESS)
    with pytest.raises(RuntimeError, match=r"is running in .* already: end it first"):
        second.start()
    second.stop()
    assert aws.log_path.stat().st_size > 0  # its log and its files are untouched
    assert aws.client("s3").list_buckets()["Buckets"] == []
