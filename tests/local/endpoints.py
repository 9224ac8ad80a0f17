"""Endpoints whose configuration has more than variants, and what they leave in S3."""

import time
from typing import Any

from tests.local.conftest import TIMEOUT, Account


def configure_with(account: Account, name: str, greetings: dict[str, str], **members: Any) -> None:
    """Make an endpoint configuration with a variant for each greeting, and with these members."""
    account.configure(f"{name}-plain", instances=1, **greetings)
    plain = account.sagemaker.describe_endpoint_config(EndpointConfigName=f"{name}-plain")
    account.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=plain["ProductionVariants"], **members
    )


def serve_with(account: Account, name: str, **members: Any) -> dict[str, Any]:
    """Make an endpoint of one variant, `only`, that says Hello; its description."""
    configure_with(account, name, {"only": "Hello"}, **members)
    account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return account.endpoint(name)


def update(account: Account, endpoint: str, config: str) -> dict[str, Any]:
    """Update an endpoint; its description once it has settled."""
    account.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    return account.endpoint(endpoint)


def read(account: Account, uri: str) -> bytes:
    """The object at s3://iris/..., once it is there."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            found = account.s3.get_object(Bucket="iris", Key=uri.removeprefix("s3://iris/"))
        except account.s3.exceptions.NoSuchKey:
            time.sleep(0.05)
        else:
            body: bytes = found["Body"].read()
            return body
    raise AssertionError(f"{uri} did not come")
