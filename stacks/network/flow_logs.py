"""Who talked to whom in the VPC, and was refused, as lines of a log group."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.log_groups import LogGroup, LogKeeping
from stacks.network.subnets import PrivateSubnets


class FlowLogs(Construct):
    """The flow logs of a whole VPC, encrypted with the app's key.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, subnets: PrivateSubnets, logs: LogKeeping
    ) -> None:
        super().__init__(scope, construct_id)
        group = LogGroup(self, "Group", keeping=logs)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com"),
            description="Writes the flow logs of the VPC",
        )
        group.grant(role, "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
        flow_log = ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=subnets.vpc.ref,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.log_group_arn,
            deliver_logs_permission_arn=role.role_arn,
        )
        flow_log.node.add_dependency(role)
