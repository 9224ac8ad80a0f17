"""Log groups that end with their stack; those that AWS makes on the first line outlive it."""

from typing import cast

from aws_cdk import App, CfnResource, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

# SageMaker's groups for the jobs of the whole account: no stack can own them.
TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
PROCESSING_LOGS = "/aws/sagemaker/ProcessingJobs"
TRANSFORM_LOGS = "/aws/sagemaker/TransformJobs"


class LogGroup(logs.LogGroup):
    """A log group that is deleted with its stack and keeps its lines for `retention_days`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, retention_days: int, name: str | None = None
    ) -> None:
        super().__init__(
            scope, construct_id, log_group_name=name, removal_policy=RemovalPolicy.DESTROY
        )
        cast(logs.CfnLogGroup, self.node.default_child).retention_in_days = retention_days


def endpoint_log_group_name(endpoint_name: str) -> str:
    """Return the group that SageMaker writes the output of the endpoint's containers to."""
    return f"/aws/sagemaker/Endpoints/{endpoint_name}"


def give_cdk_functions_log_groups(app: App, retention_days: int) -> None:
    """Give the CDK's own custom resource functions log groups: they have no option for one."""
    for function in app.node.find_all():
        # a plain CfnResource, unlike every other function: to ask each resource for its type would
        # be a call to Node.js each
        if type(function) is CfnResource and function.cfn_resource_type == "AWS::Lambda::Function":
            provider = function.node.path.removeprefix(f"{Stack.of(function).node.path}/")
            log_group = LogGroup(
                Stack.of(function),
                f"{provider.replace('/', '')}Logs",
                retention_days=retention_days,
            )
            function.add_property_override("LoggingConfig", {"LogGroup": log_group.log_group_name})
