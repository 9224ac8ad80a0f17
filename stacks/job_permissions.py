"""What the two handlers of the job provider may do: on the jobs and endpoints of this app only."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from stacks.log_groups import PROCESSING_LOGS, TRAINING_LOGS, TRANSFORM_LOGS
from stacks.permissions import allow
from stacks.storage import Storage

KINDS = {
    "TrainingJob": "training-job",
    "HyperParameterTuningJob": "hyper-parameter-tuning-job",
    "ProcessingJob": "processing-job",
    "TransformJob": "transform-job",
}
"""SageMaker's kinds of jobs, each with the resource type of its ARN."""
TUNING_PREFIX = 10
"""How much of their prefix the names of tuning jobs keep, which have 32 characters at most."""
_JOB_NAMES = "A job's name holds the hash of its request, known only when it starts."


def allow_following_jobs(role: iam.Role, app_name: str) -> None:
    """Allow looking at jobs, stopping them, and deleting what SageMaker keeps of them."""
    for kind, resource in KINDS.items():
        actions = [f"sagemaker:Describe{kind}", f"sagemaker:Stop{kind}", "sagemaker:ListTags"]
        if kind != "TransformJob":  # the API has no way to delete one
            actions.append(f"sagemaker:Delete{kind}")
        if kind == "HyperParameterTuningJob":
            actions.append("sagemaker:ListTrainingJobsForHyperParameterTuningJob")
        for name in job_names(kind, app_name):
            allow(role, actions, _sagemaker(role, resource, name), because=_JOB_NAMES)
    allow(
        role,
        [f"sagemaker:List{kind}s" for kind in KINDS],
        "*",
        because="Listing jobs takes no resource.",
    )
    for log_group in (TRAINING_LOGS, PROCESSING_LOGS, TRANSFORM_LOGS):
        _allow_logs(role, ["logs:DeleteLogStream", "logs:DescribeLogStreams"], log_group)
    allow(
        role,
        ["cloudformation:DescribeStacks"],
        Stack.of(role).format_arn(
            service="cloudformation", resource="stack", resource_name=f"{app_name}-*/*"
        ),
        because="A stack's ARN ends in an id that CloudFormation makes up.",
    )


def allow_starting_jobs(role: iam.Role, app_name: str) -> None:
    """Allow starting jobs, with the job roles of this app."""
    for kind, resource in KINDS.items():
        # the last is the narrowest: SageMaker itself starts the training jobs of a tuning job
        name = job_names(kind, app_name)[-1]
        allow(
            role,
            ["sagemaker:AddTags", f"sagemaker:Create{kind}"],
            _sagemaker(role, resource, name),
            because=_JOB_NAMES,
        )
    allow(
        role,
        ["sagemaker:CreateTransformJob"],
        _sagemaker(role, "model", "*"),
        because=_MADE_UP_NAMES,
    )
    allow_passing_job_roles(role, app_name)


def allow_passing_job_roles(role: iam.Role, app_name: str) -> None:
    """Allow giving SageMaker the job roles of this app."""
    allow(
        role,
        ["iam:PassRole"],
        Stack.of(role).format_arn(
            service="iam", region="", resource="role", resource_name=f"{app_name}/*"
        ),
        when={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        because="Each model has a role of its own; the path holds this app's job roles only.",
    )


def allow_finding_what_serves(role: iam.Role, app_name: str) -> None:
    """Allow asking which image and artifact an endpoint runs."""
    allow(
        role,
        ["sagemaker:DescribeEndpoint"],
        _endpoints(role, app_name),
        because="One provider evaluates what serves any workload of this app.",
    )
    for action, resource in (
        ("sagemaker:DescribeEndpointConfig", "endpoint-config"),
        ("sagemaker:DescribeModel", "model"),
    ):
        allow(role, [action], _sagemaker(role, resource, "*"), because=_MADE_UP_NAMES)


def allow_quoting_training_logs(role: iam.Role) -> None:
    """Allow quoting the lines in which a tuning job's objective was not found."""
    _allow_logs(role, ["logs:GetLogEvents"], TRAINING_LOGS)


def allow_checking_endpoints(role: iam.Role, app_name: str) -> None:
    """Allow asking endpoints how they are, and sending them the smoke payload."""
    allow(
        role,
        ["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"],
        _endpoints(role, app_name),
        because="One provider checks the endpoints of every workload of this app.",
    )


def allow_checking_asynchronous_endpoints(role: iam.Role, app_name: str, storage: Storage) -> None:
    """Allow sending them the smoke payload through S3, and removing what came of it."""
    allow(role, ["sagemaker:InvokeEndpointAsync"], _endpoints(role, app_name))
    allow(
        role,
        ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        f"{storage.bucket.bucket_arn}/*/async/*",
        because="One provider checks every workload's endpoint, and SageMaker names the answers.",
    )
    allow(
        role,
        ["s3:ListBucket"],
        storage.bucket.bucket_arn,
        when={"StringLike": {"s3:prefix": "*/async/*"}},
    )
    storage.key.grant(role, "kms:Decrypt", "kms:GenerateDataKey")


def allow_reading_evaluations(role: iam.Role, storage: Storage) -> None:
    """Allow reading what the workloads' evaluations wrote."""
    allow(
        role,
        ["s3:GetObject"],
        f"{storage.bucket.bucket_arn}/*/evaluations/*",
        because="One provider reads the evaluations of every workload, below each job's name.",
    )
    storage.key.grant(role, "kms:Decrypt")


def allow_scaling_variants(role: iam.Role, app_name: str) -> None:
    """Allow scaling endpoints, and what Application Auto Scaling asks of its caller for that.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
    """
    stack = Stack.of(role)
    allow(
        role,
        [
            f"application-autoscaling:{action}"
            for action in (
                *("RegisterScalableTarget", "DeregisterScalableTarget"),
                *("PutScalingPolicy", "DeleteScalingPolicy"),
                *("PutScheduledAction", "DeleteScheduledAction"),
            )
        ],
        stack.format_arn(
            service="application-autoscaling", resource="scalable-target", resource_name="*"
        ),
        when={"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
        because="A scalable target's ARN is an id that AWS makes up, without the endpoint's name.",
    )
    allow(
        role,
        [
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
            "cloudwatch:DescribeAlarms",
        ],
        "*",
        because="Listing what scales takes no resource.",
    )
    # the second are those that target tracking makes for itself
    for alarm in (f"{app_name}-*", f"TargetTracking-endpoint/{app_name}-*"):
        allow(
            role,
            ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
            stack.format_arn(
                service="cloudwatch",
                resource="alarm",
                resource_name=alarm,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
            because="One provider scales the endpoints of every workload of this app.",
        )
    allow(
        role,
        ["sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"],
        _endpoints(role, app_name),
        because="One provider scales the endpoints of every workload of this app.",
    )
    allow(
        role,
        ["sagemaker:DescribeEndpointConfig"],
        _sagemaker(role, "endpoint-config", "*"),
        because=_MADE_UP_NAMES,
    )
    service = "sagemaker.application-autoscaling.amazonaws.com"
    allow(
        role,
        ["iam:CreateServiceLinkedRole"],
        stack.format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name=(
                f"aws-service-role/{service}/"
                "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
            ),
        ),
        when={"StringEquals": {"iam:AWSServiceName": service}},
    )


# https://github.com/aws/aws-cli/issues/4021: CloudFormation's names do not begin with the stack's
_MADE_UP_NAMES = "CloudFormation names it after its logical id, without the app's or stack's name."


def job_names(kind: str, app_name: str) -> list[str]:
    """Return the patterns of a kind's names; a tuning job's training jobs begin with its own."""
    whole, cut = f"{app_name}-*", f"{app_name[:TUNING_PREFIX].rstrip('-')}-*"
    match kind:
        case "HyperParameterTuningJob":
            return [cut]
        case "TrainingJob" if cut != whole:
            return [cut, whole]
        case _:
            return [whole]


def _allow_logs(role: iam.Role, actions: Sequence[str], log_group: str) -> None:
    allow(
        role,
        actions,
        Stack.of(role).format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{log_group}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        ),
        because="A stream begins with its job's name, known only when it starts.",
    )


def _endpoints(role: iam.Role, app_name: str) -> str:
    return _sagemaker(role, "endpoint", f"{app_name}-*")


def _sagemaker(role: iam.Role, resource: str, name: str) -> str:
    return Stack.of(role).format_arn(service="sagemaker", resource=resource, resource_name=name)
