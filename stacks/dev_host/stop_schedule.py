"""Stops the host each day at one time, whoever forgot it."""

from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from stacks.permissions import allow


@dataclass(frozen=True)
class Stop:
    """How a host is stopped: an operation of AWS's API."""

    target: str
    """The universal target of EventBridge Scheduler, `<service>:<operation>`."""
    request: str
    """The operation's parameters, JSON."""
    action: str
    resource: str
    """The ARN that the action is allowed on."""


class StopSchedule(Construct):
    """Calls the operation each day at a time of a time zone."""

    def __init__(
        self, scope: Construct, construct_id: str, *, expression: str, time_zone: str, stop: Stop
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com").with_conditions(
                {"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
            description="Stops the dev host each day",
        )
        allow(role, [stop.action], stop.resource)
        schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            description="Stops the dev host",
            schedule_expression=expression,
            schedule_expression_timezone=time_zone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=stack.format_arn(
                    service="scheduler",
                    region="",
                    account="",
                    resource="aws-sdk",
                    resource_name=stop.target,
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                ),
                role_arn=role.role_arn,
                input=stop.request,
            ),
        )
        schedule.node.add_dependency(role)
