"""Log groups that end with their stack; those that AWS makes on the first line outlive it."""

from dataclasses import dataclass, replace
from typing import cast

from aws_cdk import App, CfnResource, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.app_staging_synthesizer_alpha import DefaultStagingStack
from constructs import Construct

# SageMaker's groups for the jobs of the whole account: no stack can own them, nor choose their key.
TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
PROCESSING_LOGS = "/aws/sagemaker/ProcessingJobs"
TRANSFORM_LOGS = "/aws/sagemaker/TransformJobs"


@dataclass(frozen=True)
class LogKeeping:
    """How lines are kept: for `retention_days`, encrypted with `key` or, without it, CloudWatch's.

    The policy of the key has to know the group's name: `stacks.storage` says which it knows.
    """

    retention_days: int
    key: kms.IKey | None


class LogGroup(logs.LogGroup):
    """A log group that is deleted with its stack."""

    def __init__(
        self, scope: Construct, construct_id: str, *, keeping: LogKeeping, name: str | None = None
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=name,
            encryption_key=keeping.key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        cast(logs.CfnLogGroup, self.node.default_child).retention_in_days = keeping.retention_days


def endpoint_log_group_name(endpoint_name: str) -> str:
    """Return the group that SageMaker writes the output of the endpoint's containers to."""
    return f"/aws/sagemaker/Endpoints/{endpoint_name}"


def give_cdk_functions_log_groups(app: App, keeping: LogKeeping) -> None:
    """Give the CDK's own custom resource functions log groups: they have no option for one.

    The staging stack is deployed before the one with the key: its group goes without.
    """
    for function in app.node.find_all():
        # a plain CfnResource, unlike every other function: to ask each resource for its type would
        # be a call to Node.js each
        if type(function) is CfnResource and function.cfn_resource_type == "AWS::Lambda::Function":
            stack = Stack.of(function)
            provider = function.node.path.removeprefix(f"{stack.node.path}/")
            staging = isinstance(stack, DefaultStagingStack)
            log_group = LogGroup(
                stack,
                f"{provider.replace('/', '')}Logs",
                keeping=replace(keeping, key=None) if staging else keeping,
            )
            function.add_property_override("LoggingConfig", {"LogGroup": log_group.log_group_name})
