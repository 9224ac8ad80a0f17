"""The role that a service works with: what a job does in S3, ECR and logs, its role may do."""

import json
import os
import threading
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from ministack import app
from ministack.core import iam_evaluator, router
from ministack.core.responses import get_region
from ministack.services import iam

from local.role_credentials import temporary_credentials
from local.sagemaker.errors import SageMakerError, invalid

_PRINCIPAL = "sagemaker.amazonaws.com"
_CLIENTS = threading.Lock()  # boto3 sessions are not made on several threads at once


class RoleSession:
    """Clients with temporary credentials of a role, as SageMaker gets them from STS."""

    def __init__(self, role_arn: str, name: str, principal: str = _PRINCIPAL) -> None:
        """Assume `role_arn`. Raises SageMakerError unless it exists and trusts the service."""
        assert_assumable(role_arn, principal)
        self._credentials = temporary_credentials(role_arn, name)
        self._region = get_region()

    @property
    def endpoint(self) -> str:
        """The address of the embedded AWS itself."""
        return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"

    def client(self, service: str) -> Any:
        """Return a client of the embedded AWS itself."""
        with _CLIENTS:
            return boto3.session.Session().client(  # type: ignore[call-overload]
                service,
                endpoint_url=self.endpoint,
                region_name=self._region,
                aws_access_key_id=self._credentials["AccessKeyId"],
                aws_secret_access_key=self._credentials["SecretAccessKey"],
                aws_session_token=self._credentials["Token"],
                config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 3}),
            )


def assert_passable(role_arn: str, headers: Mapping[str, str]) -> None:
    """Raise SageMakerError unless the sender of a request may give its service the role.

    Everybody may where IAM is not enforced.
    """
    if not app.AUTH:
        return
    denied = iam_evaluator.enforce(
        router.extract_access_key_id(dict(headers)),
        "iam:PassRole",
        "iam",
        get_region(),
        resource_arn=role_arn,
        service_context={"iam:PassedToService": _PRINCIPAL},
    )
    if denied is not None:
        raise SageMakerError(
            "AccessDeniedException",
            f"User: {denied.principal_arn} is not authorized to perform: iam:PassRole on resource: "
            f"{role_arn} because no identity-based policy allows the iam:PassRole action",
        )


def assert_assumable(role_arn: str, principal: str = _PRINCIPAL) -> None:
    """Raise SageMakerError unless the role exists and the service may assume it."""
    role = iam._roles.get(role_arn.rpartition("/")[2])
    if role is None or not _trusts(role["AssumeRolePolicyDocument"], principal):
        raise invalid(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            f"principal '{principal}' to assume the role."
        )


def _trusts(document: Any, service: str) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and service in (
            [services] if isinstance(services, str) else services
        ):
            return True
    return False
