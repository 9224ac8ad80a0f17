"""Entry point of the API's function."""

import os
from collections.abc import Mapping
from typing import Any

from proxy.api import Api
from proxy.catalog import Catalog
from proxy.clients import Clients
from proxy.cors import cors_headers
from proxy.settings import Settings


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request of API Gateway's Lambda proxy integration."""
    answer = _API.handle(event)
    answer["headers"] |= cors_headers(event, _SETTINGS.cors_origins)
    return answer


def _connect(settings: Settings) -> Api:
    clients = Clients.connect()
    return Api(Catalog(clients.ssm, settings.catalog_path), clients, settings.authentication)


# At import, as every request needs both clients: Lambda imports ahead of the first one where it can
# https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
_SETTINGS = Settings.from_environ(os.environ)
_API = _connect(_SETTINGS)
