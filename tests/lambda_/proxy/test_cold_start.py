"""A cold start makes the clients, and nothing that no request needs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LAMBDA = Path(__file__).resolve().parents[3] / "lambda"
MODULES = "import json, sys, proxy.handler; print(json.dumps(sorted(sys.modules)))"


@pytest.fixture(scope="module")
def imported() -> set[str]:
    environ = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "CATALOG_PATH": "/sagestack/workloads/",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(LAMBDA),
    }
    printed = subprocess.run(
        [sys.executable, "-c", MODULES], env=environ, check=True, capture_output=True, text=True
    ).stdout
    return set(json.loads(printed))


def test_the_function_is_ready_when_it_is_imported(imported: set[str]) -> None:
    assert {"proxy.api", "proxy.formats", "botocore.client", "urllib3"} <= imported


@pytest.mark.parametrize(
    "heavy",
    [
        *("boto3", "s3transfer", "multiprocessing", "asyncio", "unittest", "mypy_boto3_ssm"),
        *("proxy.openapi", "proxy.asynchronous"),
    ],
)
def test_what_hardly_a_request_needs_is_not_imported(imported: set[str], heavy: str) -> None:
    assert heavy not in imported
