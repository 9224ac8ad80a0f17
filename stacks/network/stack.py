"""A VPC of the app's own: nothing in it reaches the internet, and nothing reaches in."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Stack
from constructs import Construct

from environments.vpc import Vpc
from stacks.network.endpoints import Endpoints
from stacks.network.flow_logs import FlowLogs
from stacks.network.placement import Placement
from stacks.network.privacy import Privacy
from stacks.network.security_groups import SecurityGroups
from stacks.network.subnets import PrivateSubnets
from stacks.shared import SharedStack
from workloads.schema import Workload


class NetworkStack(Stack):
    """Private subnets with the endpoints that jobs and models need; `placement` is for these."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Vpc,
        workloads: Sequence[Workload],
        shared: SharedStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        subnets = PrivateSubnets(self, "Subnets", name=construct_id, settings=settings)
        groups = SecurityGroups(self, "Groups", subnets=subnets, workloads=workloads)
        Endpoints(
            self,
            "Endpoints",
            subnets=subnets,
            groups=groups,
            storage=shared.storage,
            workloads=workloads,
        )
        FlowLogs(self, "FlowLogs", subnets=subnets, logs=shared.logs)
        privacy = Privacy(self, "Privacy", subnets=subnets, groups=groups, provider=shared.jobs)
        groups.allow_s3(privacy.s3_prefix_list_id)
        self.placement = Placement(subnets.subnet_ids, [groups.jobs.ref])
