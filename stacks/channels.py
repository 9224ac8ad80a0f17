"""A workload's channels: local files uploaded under their content's hash, or data already in S3."""

from collections.abc import Iterable
from pathlib import Path
from typing import cast

from aws_cdk import IgnoreMode
from aws_cdk import aws_s3_deployment as s3_deployment
from constructs import Construct, IConstruct

from environments.schema import Environment
from stacks.acknowledge import (
    BASIC_EXECUTION_ROLE,
    acknowledge,
    wildcard_action,
    wildcard_resource,
)
from stacks.job_role import JobRole
from stacks.log_groups import LogGroup, LogKeeping
from stacks.staging import staged_objects
from stacks.storage import Storage
from workloads.content import content_hash
from workloads.schema import Workload


class Channels(Construct):
    """Uploads the local channels, and lets a role read those that its jobs use.

    The key of an upload holds the hash of its content: changed data is a changed job request, and
    what an earlier deploy uploaded stays for a rollback.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        workload: Workload,
        storage: Storage,
        logs: LogKeeping,
    ) -> None:
        super().__init__(scope, construct_id)
        self._staged = staged_objects(self, environment.name)
        self._storage = storage
        self._prefix = f"{workload.name}/data"
        self._channels = workload.data
        log_group = LogGroup(self, "UploadLogs", keeping=logs)
        uploads = Construct(self, "Uploads")
        deployments = [
            self._uploaded(uploads, name, channel.path, log_group)
            for name, channel in self._channels.items()
            if channel.path is not None
        ]
        if deployments:
            self._acknowledge(deployments[0])  # they share one function

    def _uploaded(
        self, scope: Construct, name: str, path: Path, log_group: LogGroup
    ) -> s3_deployment.BucketDeployment:
        folder, exclude = path, list[str]()
        if path.is_file():
            folder, exclude = path.parent, ["*", f"!{path.name}"]
        return s3_deployment.BucketDeployment(
            scope,
            name,
            sources=[
                # globs tell capitals apart, gitignore patterns do not
                s3_deployment.Source.asset(
                    str(folder), exclude=exclude, ignore_mode=IgnoreMode.GLOB
                )
            ],
            destination_bucket=self._storage.bucket,
            destination_key_prefix=self._key(name, path),
            prune=False,
            retain_on_delete=True,
            memory_limit=512,
            log_group=log_group,
        )

    def _acknowledge(self, deployment: s3_deployment.BucketDeployment) -> None:
        function = cast(IConstruct, deployment.handler_role.node.scope)
        own_buckets = "BucketDeployment's own policy, on this app's two buckets and key only."
        acknowledge(
            function,
            {
                BASIC_EXECUTION_ROLE: "BucketDeployment's function logs with AWS's logging policy.",
                "AwsSolutions-L1": "BucketDeployment sets its function's runtime itself.",
                **{
                    wildcard_action(action): own_buckets
                    for action in (
                        "kms:GenerateDataKey*",
                        "kms:ReEncrypt*",
                        "s3:Abort*",
                        "s3:DeleteObject*",
                        "s3:GetBucket*",
                        "s3:GetObject*",
                        "s3:List*",
                    )
                },
                wildcard_resource(self, f"{self._storage.bucket_arn}/*"): own_buckets,
                wildcard_resource(self, self._staged): own_buckets,
            },
        )

    def _key(self, name: str, path: Path) -> str:
        return f"{self._prefix}/{name}/{content_hash(path)}"

    def uri(self, name: str) -> str:
        """Return the S3 URI of a channel's data, or of its manifest."""
        channel = self._channels[name]
        if channel.path is None:
            return str(channel.s3)
        return self._storage.bucket.s3_url_for_object(self._key(name, channel.path))

    def grant_read(self, role: JobRole, names: Iterable[str]) -> None:
        """Allow `role` to read these channels."""
        for name in names:
            channel = self._channels[name]
            if channel.s3 is None:
                role.read(self._storage, f"{self._prefix}/{name}")
            elif channel.s3_data_type == "ManifestFile":
                # what the manifest lists is known when the job reads it, and lies in its bucket
                role.read_uri("/".join(channel.s3.split("/")[:3]))
            else:
                role.read_uri(channel.s3)
            if channel.kms_key is not None:
                role.decrypt(channel.kms_key)
