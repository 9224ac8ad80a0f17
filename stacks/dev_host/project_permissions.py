"""What the scripts of dev_host/project may do: with this app's own jobs, data and API only."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from stacks.dev_host.parts import HostParts
from stacks.job_permissions import allow_passing_job_roles, job_names
from stacks.log_groups import PROCESSING_LOGS, TRAINING_LOGS
from stacks.permissions import allow
from stacks.storage import Storage

_KINDS = (
    ("TrainingJob", "training-job", TRAINING_LOGS),
    ("ProcessingJob", "processing-job", PROCESSING_LOGS),
)


def allow_project(role: iam.Role, parts: HostParts) -> None:
    """Allow `role` what prototype.R, submit.R and predict.R do."""
    app = parts.environment.name
    _allow_jobs(role, app)
    allow_passing_job_roles(role, app)
    allow(role, ["ssm:GetParametersByPath"], _arn(role, "ssm", "parameter", f"{app}/jobs"))
    allow(role, ["ssm:GetParameter"], _arn(role, "ssm", "parameter", f"{app}/api/url"))
    _allow_reading(role, parts.storage)
    allow(
        role,
        ["execute-api:Invoke"],
        _arn(role, "execute-api", parts.api, "v1/POST/workloads/*/invocations"),
        because="Workloads come and go without a deploy of the host.",
    )


def _allow_jobs(role: iam.Role, app: str) -> None:
    """Allow describing the app's jobs, and starting and following those that the scripts name."""
    for kind, resource, log_group in _KINDS:
        for name in job_names(kind, app):
            allow(
                role,
                [f"sagemaker:Describe{kind}", "sagemaker:ListTags"],
                _arn(role, "sagemaker", resource, name),
                because="A job's name holds the hash of its request, known only when it starts.",
            )
        submitted = f"{app}-*-submitted-*"
        allow(
            role,
            [f"sagemaker:Create{kind}", "sagemaker:AddTags"],
            _arn(role, "sagemaker", resource, submitted),
            because="The name of a submitted job holds its workload, model and time.",
        )
        for actions, streams in (
            (["logs:DescribeLogStreams"], ""),
            (["logs:GetLogEvents"], f"log-stream:{submitted}"),
        ):
            allow(
                role,
                actions,
                _arn(role, "logs", "log-group", f"{log_group}:{streams or '*'}"),
                because="A stream begins with its job's name, known only when it starts.",
            )


def _allow_reading(role: iam.Role, storage: Storage) -> None:
    """Allow reading the workloads' data and what evaluations found."""
    folders = ("data", "evaluations")
    for folder in folders:
        allow(
            role,
            ["s3:GetObject"],
            f"{storage.bucket_arn}/*/{folder}/*",
            because="Each workload has a folder of its own, and comes and goes.",
        )
    allow(
        role,
        ["s3:ListBucket"],
        storage.bucket_arn,
        when={"StringLike": {"s3:prefix": "*/data/*"}},
    )
    storage.key.grant(role, "kms:Decrypt")


def _arn(role: iam.Role, service: str, resource: str, name: str) -> str:
    return Stack.of(role).format_arn(
        service=service,
        resource=resource,
        resource_name=name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME
        if service == "logs"
        else ArnFormat.SLASH_RESOURCE_NAME,
    )
