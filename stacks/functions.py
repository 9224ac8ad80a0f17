"""Lambda functions of ours: code from lambda/, boto3 from a layer, a role and a log group each."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import AssetHashType, Duration, IgnoreMode
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.acknowledge import acknowledge
from stacks.log_groups import LogGroup, LogKeeping

ROOT = Path(__file__).resolve().parent.parent
LAMBDA = ROOT / "lambda"
BOTO3_LAYER = ROOT / "build" / "boto3-layer.zip"
RUNTIME = lambda_.Runtime.PYTHON_3_14


class Boto3Layer(lambda_.LayerVersion):
    """boto3 as lambda/requirements.lock pins it, packed into build/ by the set-up.

    Each stack has its own: a layer's ARN changes with its content, and an export that is in use
    cannot change. The lock file pins every package of it, so its hash is the asset's.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        lock = (LAMBDA / "requirements.lock").read_bytes()
        super().__init__(
            scope,
            construct_id,
            description="boto3, pinned",
            compatible_runtimes=[RUNTIME],
            code=lambda_.Code.from_asset(
                str(BOTO3_LAYER),
                asset_hash_type=AssetHashType.CUSTOM,
                asset_hash=hashlib.sha256(lock).hexdigest(),
            ),
        )


class PythonFunction(lambda_.Function):
    """The function `package.module.function` of lambda/.

    Its asset holds only its package: a change to one function leaves the other's hash alone.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        handler: str,
        description: str,
        layer: lambda_.ILayerVersion,
        timeout: Duration,
        memory_mb: int,
        logs: LogKeeping,
        environment: Mapping[str, str] | None = None,
        tracing: bool = False,
    ) -> None:
        package = handler.split(".", maxsplit=1)[0]
        log_group = LogGroup(scope, f"{construct_id}Logs", keeping=logs)
        self.execution_role = iam.Role(
            scope,
            f"{construct_id}Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=description,
        )
        log_group.grant_write(self.execution_role)
        super().__init__(
            scope,
            construct_id,
            description=description,
            runtime=RUNTIME,
            handler=handler,
            code=lambda_.Code.from_asset(
                str(LAMBDA),
                ignore_mode=IgnoreMode.GIT,
                exclude=["/*", f"!/{package}", "__pycache__"],
            ),
            layers=[layer],
            timeout=timeout,
            memory_size=memory_mb,
            role=self.execution_role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            environment=dict(environment or {}),
            tracing=lambda_.Tracing.ACTIVE if tracing else None,
        )
        if tracing:
            acknowledge(
                self.execution_role,
                {"AwsSolutions-IAM5[Resource::*]": "X-Ray's actions have no resource."},
            )
