"""Entry point of the API's function."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from proxy.api import Api
from proxy.catalog import Catalog
from proxy.settings import Settings

# API Gateway gives up after 29 s. Sent once: a repeated prediction would come too late, and whether
# a throttled one is worth repeating is for the caller to know.
_RUNTIME = Config(
    connect_timeout=3, read_timeout=28, retries={"mode": "standard", "total_max_attempts": 1}
)
_SSM = Config(
    connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3}
)


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request of API Gateway's Lambda proxy integration."""
    return _api().handle(event)


@cache
def _api() -> Api:
    """Connect once per execution environment."""
    settings = Settings.from_environ(os.environ)
    catalog = Catalog(boto3.client("ssm", config=_SSM), settings.catalog_path)
    return Api(catalog, boto3.client("sagemaker-runtime", config=_RUNTIME))
