"""What every workload shares: where data lies, and the provider that runs jobs."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from environments.schema import Environment
from stacks.job_provider import JobProvider
from stacks.storage import Storage


class SharedStack(Stack):
    """The data bucket with its key, and the custom resource provider."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.storage = Storage(self, "Storage", retain=environment.retain_data)
        self.jobs = JobProvider(
            self,
            "Jobs",
            app_name=environment.name,
            retention_days=environment.log_retention_days,
        )
        CfnOutput(self, "DataBucket", value=self.storage.bucket.bucket_name)
