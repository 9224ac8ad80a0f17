"""The CDK's progress is told as it comes, and its failure with what it said."""

import os
import sys
from pathlib import Path

import pytest

import local.cdk_cli
from cli import local_aws
from local.cdk_cli import CdkError, run_cdk

EVENT = (
    "sagestack-shared |  3/31 | 11:22:33 PM | CREATE_COMPLETE      | AWS::S3::Bucket"
    "             | Storage/Bucket (StorageBucket5CB7C8EA) "
)


@pytest.fixture
def cdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the command line: a Python script that the test writes."""
    script = tmp_path / "cdk"
    monkeypatch.setattr(local.cdk_cli, "CDK", script)
    return script


def _write(cdk: Path, code: str) -> None:
    cdk.write_text(f"#!{sys.executable}\n{code}\n")
    cdk.chmod(0o755)


def test_each_cloudformation_event_is_reported(cdk: Path) -> None:
    _write(cdk, f"print('synthesizing')\nprint({EVENT!r})")
    reported: list[str] = []
    printed = run_cdk("deploy", environment=os.environ, report=reported.append)
    assert reported == ["sagestack-shared 3/31: CREATE_COMPLETE Storage/Bucket"]
    assert printed.startswith("synthesizing\n")


def test_of_stacks_that_are_deployed_at_once_those_in_work_are_told(cdk: Path) -> None:
    lines = [
        "sagestack-iris-mars: start: Building mars",
        "sagestack-iris-mars: success: Built mars",
        EVENT,
        "✅  sagestack-shared",
        "✅  StagingStack-sagestack-ACCOUNT-REGION (StagingStack-sagestack)",
        EVENT.replace("sagestack-shared |  3/31", "sagestack-iris-mars |  1/19"),
        " ✅  sagestack-iris-mars: destroyed",
    ]
    _write(cdk, f"print({chr(10).join(lines)!r})")
    reported: list[str] = []
    run_cdk("deploy", environment=os.environ, report=reported.append)
    assert reported == [
        "sagestack-iris-mars: Building mars",
        "sagestack-iris-mars, sagestack-shared 3/31: CREATE_COMPLETE Storage/Bucket",
        "sagestack-iris-mars",
        "sagestack-iris-mars",
        "sagestack-iris-mars 1/19: CREATE_COMPLETE Storage/Bucket",
    ]


def test_a_failure_tells_what_the_cdk_said_last(cdk: Path) -> None:
    _write(cdk, "print('Failed resources: the R error'); raise SystemExit(1)")
    with pytest.raises(CdkError, match="the R error"):
        run_cdk("deploy", environment=os.environ, report=print)


def test_a_failure_before_any_stack_is_told_without_what_went_well(cdk: Path) -> None:
    lines = [
        EVENT,
        "sagestack-iris-mars: start: Building mars",
        "sagestack-shared: success: Published Jobs/Code (current_account-current_region-04e1ddac)",
        "E: Unable to locate package r-cran-mdb",
        "sagestack-iris-mars: fail: docker build exited with error code 100",
    ]
    _write(cdk, f"print({chr(10).join(lines)!r}); raise SystemExit(1)")
    with pytest.raises(CdkError) as failed:
        run_cdk("deploy", environment=os.environ, report=print)
    assert str(failed.value).splitlines() == lines[-2:]


def test_a_failure_is_told_without_what_came_before_and_beside_it(cdk: Path) -> None:
    lines = [EVENT, "❌ iris failed", EVENT, "why", EVENT]  # as other stacks go on meanwhile
    _write(cdk, f"print({chr(10).join(lines)!r}); raise SystemExit(1)")
    with pytest.raises(CdkError) as failed:
        run_cdk("deploy", environment=os.environ, report=print)
    assert str(failed.value) == "❌ iris failed\nwhy"


def test_the_api_of_the_embedded_aws_has_a_local_address() -> None:
    url = "https://abc123.execute-api.us-east-1.amazonaws.com/v1/"
    local = local_aws.api_url(url, "http://127.0.0.1:4566")
    assert local == "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"


def test_an_url_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="no URL of API Gateway"):
        local_aws.api_url("https://example.com/v1/", "http://127.0.0.1:4566")
