"""Entry point of the API's function."""

import os
from collections.abc import Mapping
from typing import Any

from proxy.api import Api
from proxy.catalog import Catalog
from proxy.clients import Clients
from proxy.settings import Settings


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request of API Gateway's Lambda proxy integration."""
    return _API.handle(event)


def _connect() -> Api:
    settings = Settings.from_environ(os.environ)
    clients = Clients.connect()
    return Api(Catalog(clients.ssm, settings.catalog_path), clients.runtime)


# At import, as every request needs both clients: Lambda imports ahead of the first one where it can
# https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
_API = _connect()
