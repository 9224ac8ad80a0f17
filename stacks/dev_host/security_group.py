"""What reaches the host: nothing; and what it reaches: archives and AWS."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class HostSecurityGroup(ec2.CfnSecurityGroup):
    """No way in. Out by HTTPS, and by HTTP as Ubuntu's archives are reached, signed as they are."""

    def __init__(self, scope: Construct, construct_id: str, *, vpc_id: str) -> None:
        super().__init__(
            scope,
            construct_id,
            group_description="The dev host: nothing in, HTTP and HTTPS out",
            vpc_id=vpc_id,
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp",
                    from_port=port,
                    to_port=port,
                    cidr_ip="0.0.0.0/0",
                    description=description,
                )
                for port, description in ((443, "AWS, Git, packages"), (80, "Ubuntu's archives"))
            ],
        )
