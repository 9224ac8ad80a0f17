"""What every workload shares: where data lies, and the provider that runs jobs."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from environments.schema import Environment
from stacks.job_provider import JobProvider
from stacks.log_groups import LogGroup, LogKeeping, endpoint_log_group_name
from stacks.storage import Storage
from workloads.schema import Workload


class SharedStack(Stack):
    """The data bucket with its key, the custom resource provider, the endpoints' log groups."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        workloads: Sequence[Workload],
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.storage = Storage(
            self, "Storage", app_name=environment.name, retain=environment.retain_data
        )
        self.logs = LogKeeping(environment.log_retention_days, self.storage.key)
        self.jobs = JobProvider(
            self,
            "Jobs",
            app_name=environment.name,
            logs=self.logs,
            storage=self.storage,
        )
        for workload in workloads:
            # SageMaker would make the group itself, without an end. It is not in the workload's
            # stack: when a first deploy fails, what the container said is all the evidence.
            LogGroup(
                self,
                f"{workload.name}EndpointLogs",
                keeping=self.logs,
                name=endpoint_log_group_name(workload.endpoint_name(environment.name)),
            )
        CfnOutput(self, "DataBucket", value=self.storage.bucket.bucket_name)
