"""What CloudFormation has no resource for: a closed default group, and a clean end."""

from aws_cdk import ArnFormat, CustomResource, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.acknowledge import acknowledge
from stacks.job_provider import JobProvider
from stacks.network.security_groups import SecurityGroups
from stacks.network.subnets import PrivateSubnets


class Privacy(Construct):
    """Takes the rules of the VPC's default group away, and finds S3's prefix list.

    Its deletion waits until SageMaker has removed the last of its network interfaces, which it does
    some time after an endpoint or a job has gone: EC2 deletes no group or subnet that has one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        subnets: PrivateSubnets,
        groups: SecurityGroups,
        provider: JobProvider,
    ) -> None:
        super().__init__(scope, construct_id)
        default_group = subnets.vpc.attr_default_security_group
        policy = self._allow(provider, default_group)
        resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::SageMakerPrivateNetwork",
            service_token=provider.service_token,
            properties={
                "DefaultSecurityGroupId": default_group,
                "SecurityGroupId": groups.jobs.ref,
            },
        )
        resource.node.add_dependency(policy)
        resource.node.add_dependency(subnets)  # which are deleted when it has waited, not meanwhile
        self.s3_prefix_list_id = resource.get_att_string("S3PrefixListId")

    def _allow(self, provider: JobProvider, group: str) -> iam.Policy:
        """Allow the provider this one group, and to look; only where there is such a network."""
        policy = iam.Policy(
            self,
            "Policy",
            roles=list(provider.handler_roles),
            statements=[
                iam.PolicyStatement(
                    actions=["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
                    resources=[
                        Stack.of(self).format_arn(
                            service="ec2",
                            resource="security-group",
                            resource_name=group,
                            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
                        )
                    ],
                ),
                iam.PolicyStatement(
                    actions=[
                        "ec2:DescribeNetworkInterfaces",
                        "ec2:DescribePrefixLists",
                        "ec2:DescribeSecurityGroups",
                    ],
                    resources=["*"],
                ),
            ],
        )
        acknowledge(policy, {"AwsSolutions-IAM5[Resource::*]": "Describing takes no resource."})
        return policy
