"""What the two handlers of the job provider may do: on the jobs and endpoints of this app only."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from stacks.log_groups import TRAINING_LOGS
from stacks.permissions import allow


def allow_following_jobs(role: iam.Role, app_name: str) -> None:
    """Allow looking at training jobs, stopping them, and deleting what SageMaker keeps of them."""
    format_arn = Stack.of(role).format_arn
    allow(
        role,
        [
            "sagemaker:DeleteTrainingJob",
            "sagemaker:DescribeTrainingJob",
            "sagemaker:ListTags",
            "sagemaker:StopTrainingJob",
        ],
        _training_jobs(role, app_name),
        because=_JOB_NAMES,
    )
    allow(
        role,
        ["sagemaker:ListTrainingJobs"],
        "*",
        because="ListTrainingJobs takes no resource.",
    )
    allow(
        role,
        ["logs:DeleteLogStream", "logs:DescribeLogStreams"],
        format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{TRAINING_LOGS}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        ),
        because="A stream begins with its job's name, known only when it starts.",
    )
    allow(
        role,
        ["cloudformation:DescribeStacks"],
        format_arn(service="cloudformation", resource="stack", resource_name=f"{app_name}-*/*"),
        because="A stack's ARN ends in an id that CloudFormation makes up.",
    )


def allow_starting_jobs(role: iam.Role, app_name: str) -> None:
    """Allow starting training jobs, with the job roles of this app."""
    allow(
        role,
        ["sagemaker:AddTags", "sagemaker:CreateTrainingJob"],
        _training_jobs(role, app_name),
        because=_JOB_NAMES,
    )
    allow(
        role,
        ["iam:PassRole"],
        Stack.of(role).format_arn(
            service="iam", region="", resource="role", resource_name=f"{app_name}/*"
        ),
        when={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        because="Each model has a role of its own; the path holds this app's job roles only.",
    )


def allow_checking_endpoints(role: iam.Role, app_name: str) -> None:
    """Allow asking endpoints how they are, and sending them the smoke payload."""
    allow(
        role,
        ["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"],
        Stack.of(role).format_arn(
            service="sagemaker", resource="endpoint", resource_name=f"{app_name}-*"
        ),
        because="One provider checks the endpoints of every workload of this app.",
    )


_JOB_NAMES = "A job's name holds the hash of its request, known only when it starts."


def _training_jobs(role: iam.Role, app_name: str) -> str:
    return Stack.of(role).format_arn(
        service="sagemaker", resource="training-job", resource_name=f"{app_name}-*"
    )
