"""Errors are one line and an exit code; the words of `make` arrive as they were typed."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli import __main__ as command
from cli.account import Account
from cli.dev_host.account import HostAccount
from cli.jobs import TRAINING
from cli.problems import DownloadFailed, HostFailed
from local.cdk_cli import ROOT
from tests.cli.fake_aws import FakeAws

WORKLOADS = sorted(path.stem for path in (ROOT / "workloads").glob("*.toml"))


@pytest.fixture
def connected(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """The fake account, to which the commands connect."""
    monkeypatch.setattr(Account, "connect", lambda _region: aws.account)
    nothing: Any = None
    host_account = HostAccount(
        account=aws.account, ec2=nothing, secretsmanager=nothing, ssm=nothing
    )
    monkeypatch.setattr(HostAccount, "connect", lambda _region: host_account)
    return aws


def test_a_completed_job_is_exit_code_0(connected: FakeAws, then: Callable[..., None]) -> None:
    connected.add(TRAINING, "job")
    then(lambda: connected.end(TRAINING, "job"))
    assert command.main(["logs", "--job", "job"]) == 0


def test_a_failed_job_is_exit_code_1_and_its_reason(
    connected: FakeAws, then: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    name = "sagestack-iris-mars-mars-1"
    folder = {"S3OutputPath": "s3://data/iris-mars/models/mars"}
    limit = {"MaxRuntimeInSeconds": 60}
    connected.add(TRAINING, name, OutputDataConfig=folder, StoppingCondition=limit)
    connected.jobs[TRAINING.name][name] |= {
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::000000000000:role/training",
    }
    connected.stacks["sagestack-iris-mars"] = {"TrainingJobs": name}

    def fail() -> None:
        (submitted,) = connected.jobs[TRAINING.name].keys() - {name}
        connected.end(TRAINING, submitted, "Failed", FailureReason="AlgorithmError: [no] column")

    then(fail)
    assert command.main(["train", "--workload", "iris-mars"]) == 1
    assert "Failed: AlgorithmError: [no] column" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train"], f"WORKLOAD: missing; allowed: {', '.join(WORKLOADS)}"),
        (["train", "--workload", "iris-mars", "--wait", "so"], "WAIT: found"),
        (["train", "--workload", "iris-mars"], "there is no stack sagestack-iris-mars: deploy"),
        (["transform", "--workload", "iris-tuned"], "INPUT: missing"),
        (["logs"], "JOB: missing"),
        (["stop"], "JOB: missing"),
        (["logs", "--output", "Makefile/x"], "OUTPUT: found the file"),
        (["token"], 'authorization: found "iam", which signs requests and has no tokens'),
        (["curl"], f"WORKLOAD: missing; allowed: {', '.join(WORKLOADS)}"),
        (["curl", "--workload", "iris-mars"], "there is no stack sagestack-api: deploy"),
        (["remove"], "WORKLOAD: missing; allowed: there is none"),
        (["remove", "--environment", "defalt"], 'did you mean "default"'),
        (["remove", "--yes", "no"], 'YES: found "no"; allowed: 1'),
        (["deploy", "--workloads", "iris-marz"], 'did you mean "iris-mars"'),
        (["deploy", "--environment", "defalt"], 'did you mean "default"'),
        (["destroy", "--yes", "no"], 'YES: found "no"; allowed: 1'),
        (["check", "--environment", "defalt"], 'did you mean "default"'),
        (["logs", "--environment", "defalt"], 'did you mean "default"'),
        (["dev-host", "--port", "80"], 'PORT: found "80"; allowed: an integer from 1024 to 65535'),
        (["dev-host", "--port", "8o"], 'PORT: found "8o"; allowed'),
        (["dev-host", "--open", "1"], 'OPEN: found "1"; allowed: yes, no'),
        (["dev-host-password", "--rotate", "1"], 'ROTATE: found "1"; allowed: yes, no'),
        (["dev-host"], "environments/default.toml has no table [dev_host]"),
        (["dev-host-password"], "environments/default.toml has no table [dev_host]"),
        (["dev-host-stop"], "environments/default.toml has no table [dev_host]"),
        (["dev-host-stop", "--environment", "defalt"], 'did you mean "default"'),
    ],
)
def test_wrong_input_is_exit_code_2_and_one_line(
    connected: FakeAws, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert command.main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert told in printed.err
    assert printed.err.count("\n") == 1
    assert not connected.jobs[TRAINING.name]


def test_an_error_of_aws_is_exit_code_1_and_one_line(
    connected: FakeAws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "Describe")

    def refuse(_asked: object) -> None:
        raise denied

    monkeypatch.setattr(connected, "_operation", lambda _name: refuse)
    assert command.main(["logs", "--job", "job"]) == 1
    error = capsys.readouterr().err
    assert re.fullmatch(r"An error occurred \(AccessDenied\) .*: not you\n", error)


def test_a_host_or_a_download_that_fails_is_exit_code_1_and_its_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for problem in (HostFailed("i-1 [x] has stopped"), DownloadFailed("https://a: gone")):

        def fail(*_: object, problem: Exception = problem, **__: object) -> None:
            raise problem

        monkeypatch.setattr(command, "lock_downloads", fail)
        assert command.main(["lock-downloads"]) == 1
        assert capsys.readouterr().out == f"✗ {problem}\n"


def test_ctrl_c_is_exit_code_130(connected: FakeAws, then: Callable[..., None]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    connected.add(TRAINING, "job")
    then(interrupt)
    assert command.main(["logs", "--job", "job"]) == 130


def test_without_a_region_the_aws_of_make_local_is_offered_while_it_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "default.toml").touch()
    assert command.main(["logs"]) == 2
    assert capsys.readouterr().err == "You must specify a region\n"
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "local.env").touch()
    assert command.main(["logs"]) == 2
    told = "You must specify a region; for the AWS of make local: . build/local.env\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("arguments", [["logs"], ["check"], ["deploy"], ["destroy", "--yes", "1"]])
def test_when_make_local_has_ended_it_is_said_at_once(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    started = time.monotonic()
    assert command.main(arguments) == 2
    assert time.monotonic() - started < 5
    error = capsys.readouterr().err
    assert f"nothing answers at AWS_ENDPOINT_URL={url}: make local is no longer running" in error
    assert error.count("\n") == 1


def test_without_credentials_nothing_is_left_to_the_cdk(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    for arguments in (["check"], ["deploy"], ["destroy", "--yes", "1"]):
        assert command.main(arguments) == 2
        assert capsys.readouterr().err.startswith("Unable to locate credentials")


def test_the_region_is_found_where_the_cdk_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert Account.connect(None).s3.meta.region_name == "eu-west-1"
    assert Account.connect("eu-north-1").s3.meta.region_name == "eu-north-1"
    monkeypatch.delenv("AWS_REGION")
    assert Account.connect(None).s3.meta.region_name == "us-east-1"


@pytest.mark.parametrize("word", ["iris marz", "iris'; echo $(date) `date` \"#"])
def test_make_hands_its_words_on_as_they_were_typed(word: str) -> None:
    # in make's own syntax a dollar is written twice
    typed = word.replace("$", "$$")
    done = subprocess.run(
        [
            "make",
            "--no-print-directory",
            "--old-file=.venv/installed",
            "train",
            f"WORKLOAD={typed}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    quoted = word.replace('"', '\\"')
    assert f'WORKLOAD: found "{quoted}"; allowed: {", ".join(WORKLOADS)}' in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("target", "told"), [("token", 'found "iam"'), ("curl", "WORKLOAD: missing")]
)
def test_make_prints_a_request_or_a_token_and_nothing_else(target: str, told: str) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "--old-file=.venv/installed", target],
        cwd=ROOT,
        env={**os.environ, "AWS_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("target", ["deploy", "demo", "local"])
def test_make_starts_nothing_for_a_workload_that_there_is_not(target: str) -> None:
    done = subprocess.run(
        [
            *("make", "--no-print-directory", "--old-file=.venv/installed", target),
            *("SAGESTACK_RUNNER=docker", "WORKLOADS=iris-tuned,iris-marz"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    told = f'WORKLOADS: found "iris-marz"; allowed: all, {", ".join(WORKLOADS)}; did you mean'
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("target", ["deploy", "demo", "local"])
def test_make_takes_no_workload_where_several_can_be_named(target: str) -> None:
    command = ["make", target, "WORKLOAD=iris-mars"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"WORKLOAD: unknown variable of make {target}; allowed: WORKLOADS" in done.stderr


def test_make_help_lists_the_commands() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    targets = ("deploy", "train", "transform", "logs", "stop", "remove", "destroy")
    host = ("dev-host", "dev-host-password", "dev-host-stop", "lock-downloads")
    for target in (*targets, *host):
        assert re.search(rf"^  make {target} +\S", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("typed", ["set=degree=1", "MAX_RUNTIM=60"])
def test_make_refuses_a_variable_that_nothing_would_read(typed: str) -> None:
    done = subprocess.run(
        ["make", "train", typed], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    told = f"{typed.partition('=')[0]}: unknown variable; allowed: WORKLOAD WORKLOADS MODEL SET"
    assert told in done.stderr
