"""The ways out of the VPC: S3 by a gateway, which is free, and what else is needed by the hour.

With a VpcConfig, SageMaker's own processes on an instance reach S3 and CloudWatch through the VPC,
with network isolation too: https://repost.aws/knowledge-center/sagemaker-access-network-isolation.
It pulls images, and EBS uses the key, beside the VPC:
https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html. So there is no endpoint for ECR,
KMS, STS or SageMaker itself: a container of ours asks none of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.network.security_groups import SecurityGroups
from stacks.network.subnets import PrivateSubnets
from stacks.storage import Storage
from workloads.schema import Workload


class Endpoints(Construct):
    """S3 for the buckets that the workloads use, CloudWatch for logs and metrics; nothing else."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        subnets: PrivateSubnets,
        groups: SecurityGroups,
        storage: Storage,
        workloads: Sequence[Workload],
    ) -> None:
        super().__init__(scope, construct_id)
        self._subnets = subnets
        self._groups = groups
        self._s3(storage, sorted({name for each in workloads for name in _buckets(each)}))
        # what the containers print
        self._interface("Logs", "logs", _LOGS, self._arn("logs", "log-group", "/aws/sagemaker/*"))
        # how busy the instances are, and the metrics that a training job's log is searched for
        self._interface("Monitoring", "monitoring", ["cloudwatch:PutMetricData"], "*")

    def _s3(self, storage: Storage, buckets: Sequence[str]) -> None:
        """Let objects of the app's bucket through, and out of those that the workloads name."""
        stack = Stack.of(self)
        ours, others = storage.bucket_arn, [f"arn:{stack.partition}:s3:::{b}" for b in buckets]
        put = ["s3:AbortMultipartUpload", "s3:PutObject"]
        ec2.CfnVPCEndpoint(
            self,
            "S3",
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{stack.region}.s3",
            vpc_id=self._subnets.vpc.ref,
            route_table_ids=[self._subnets.route_table.ref],
            policy_document=_policy(
                (["s3:GetObject"], [f"{arn}/*" for arn in (ours, *others)]),
                (put, [f"{ours}/*"]),
                (["s3:ListBucket"], [ours, *others]),
            ),
        )

    def _interface(
        self, construct_id: str, service: str, actions: Sequence[str], resource: str
    ) -> None:
        ec2.CfnVPCEndpoint(
            self,
            construct_id,
            vpc_endpoint_type="Interface",
            service_name=f"com.amazonaws.{Stack.of(self).region}.{service}",
            vpc_id=self._subnets.vpc.ref,
            subnet_ids=self._subnets.subnet_ids,
            security_group_ids=[self._groups.endpoints.ref],
            private_dns_enabled=True,
            policy_document=_policy((actions, [resource])),
        )

    def _arn(self, service: str, resource: str, name: str) -> str:
        return Stack.of(self).format_arn(
            service=service,
            resource=resource,
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


# what a job's role may do in its group: stacks.job_role
_LOGS = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
)


def _policy(*allowed: tuple[Sequence[str], Sequence[str]]) -> Any:
    """Allow each of the actions on their resources to whom a role's own policy allows them."""
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()], actions=list(actions), resources=list(resources)
            )
            for actions, resources in allowed
        ]
    )


def _buckets(workload: Workload) -> Iterator[str]:
    """Yield the buckets, beside the app's own, that a workload's data and models are in."""
    uris = [channel.s3 for channel in workload.data.values()]
    uris += [model.artifact for model in workload.models.values()]
    for uri in uris:
        if uri is not None:
            yield uri.removeprefix("s3://").partition("/")[0]
