"""Who may talk to whom in the VPC: jobs and models to the endpoints, and to nobody else."""

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from stacks.network.subnets import PrivateSubnets
from workloads.schema import Workload

HTTPS = 443
# EC2 gives a group without a rule out one to everywhere: this one matches nothing.
_NOTHING_OUT = ec2.CfnSecurityGroup.EgressProperty(
    ip_protocol="icmp",
    from_port=252,
    to_port=86,
    cidr_ip="255.255.255.255/32",
    description="Nothing: a group without a rule would let all out",
)


class SecurityGroups(Construct):
    """`jobs` is that of jobs and models, `endpoints` that of the interface endpoints."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        subnets: PrivateSubnets,
        workloads: Sequence[Workload],
    ) -> None:
        super().__init__(scope, construct_id)
        self.jobs = ec2.CfnSecurityGroup(
            self,
            "Jobs",
            group_description="Jobs and models: nothing in, HTTPS out to the endpoints",
            vpc_id=subnets.vpc.ref,
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp",
                    from_port=HTTPS,
                    to_port=HTTPS,
                    cidr_ip=subnets.cidr,
                    description="The interface endpoints, which are all that listens there",
                )
            ],
        )
        self.endpoints = ec2.CfnSecurityGroup(
            self,
            "Endpoints",
            group_description="Interface endpoints: HTTPS in from jobs and models",
            vpc_id=subnets.vpc.ref,
            security_group_ingress=[
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol="tcp",
                    from_port=HTTPS,
                    to_port=HTTPS,
                    source_security_group_id=self.jobs.ref,
                    description="Jobs and models",
                )
            ],
            security_group_egress=[_NOTHING_OUT],
        )
        if any(_is_distributed(workload) for workload in workloads):
            self._allow_each_other()

    def allow_s3(self, prefix_list_id: str) -> None:
        """Allow jobs and models what the S3 gateway leads to."""
        ec2.CfnSecurityGroupEgress(
            self,
            "S3",
            group_id=self.jobs.ref,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            destination_prefix_list_id=prefix_list_id,
            description="S3, by its gateway endpoint",
        )

    def _allow_each_other(self) -> None:
        """Allow the instances of one training job to talk to each other, on ports of their own.

        https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html
        """
        description = "Instances of one training job"
        ec2.CfnSecurityGroupIngress(
            self,
            "FromEachOther",
            group_id=self.jobs.ref,
            ip_protocol="-1",
            source_security_group_id=self.jobs.ref,
            description=description,
        )
        ec2.CfnSecurityGroupEgress(
            self,
            "ToEachOther",
            group_id=self.jobs.ref,
            ip_protocol="-1",
            destination_security_group_id=self.jobs.ref,
            description=description,
        )


def _is_distributed(workload: Workload) -> bool:
    return any(model.training.instance_count > 1 for model in workload.models.values())
