"""Clients with the credentials of a model's execution role, for work beside the invocations."""

import threading
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.errors import SageMakerError
from local.sagemaker.roles import RoleSession

ROLE_ERRORS = (SageMakerError, ClientError, BotoCoreError, Boto3Error)
"""What is wrong with a role, with its rights, or with what it is to read or to write."""


class RoleClients:
    """Makes each client once: it takes a tenth of a second, and an endpoint needs few of them."""

    def __init__(self, session_name: str) -> None:
        self._session_name = session_name
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def client(self, role_arn: str, service: str) -> Any:
        """Return a client of a service. Raises SageMakerError unless the role can be assumed."""
        with self._lock:
            made = self._clients.get((role_arn, service))
            if made is None:
                made = RoleSession(role_arn, self._session_name).client(service)
                self._clients[role_arn, service] = made
            return made
