"""Requests that are objects in S3, whose answers are objects some time later."""

from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.job_role import JobRole
from stacks.permissions import allow
from stacks.workload_parts import WorkloadParts
from workloads.schema import AsyncInference as Settings

FOLDER = "async"


class AsyncInference(Construct):
    """Where requests, answers and failures lie, and `topics` that tell of the latter two.

    SageMaker publishes to both when it makes or updates the endpoint, to see that it may.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, parts: WorkloadParts, settings: Settings
    ) -> None:
        super().__init__(scope, construct_id)
        self._parts = parts
        self._settings = settings
        self.topics = (self._topic("Success"), self._topic("Error")) if settings.notify else None

    def _topic(self, construct_id: str) -> sns.Topic:
        return sns.Topic(self, construct_id, master_key=self._parts.storage.key, enforce_ssl=True)

    @property
    def input_uri(self) -> str:
        """The S3 URI below which a request must lie for the models to be allowed to read it."""
        return self._parts.uri(FOLDER, "input")

    @property
    def config(self) -> sagemaker.CfnEndpointConfig.AsyncInferenceConfigProperty:
        """What the endpoint's config says of it."""
        config = sagemaker.CfnEndpointConfig
        concurrent = self._settings.max_concurrent_invocations_per_instance
        return config.AsyncInferenceConfigProperty(
            output_config=config.AsyncInferenceOutputConfigProperty(
                s3_output_path=self._parts.uri(FOLDER, "output"),
                s3_failure_path=self._parts.uri(FOLDER, "failures"),
                kms_key_id=self._parts.storage.key.key_arn,
                notification_config=config.AsyncInferenceNotificationConfigProperty(
                    success_topic=self.topics[0].topic_arn, error_topic=self.topics[1].topic_arn
                )
                if self.topics
                else None,
            ),
            client_config=config.AsyncInferenceClientConfigProperty(
                max_concurrent_invocations_per_instance=concurrent
            )
            if concurrent is not None
            else None,
        )

    def allow_answering(self, role: JobRole) -> None:
        """Allow the role of a model to read requests, and to write and tell of answers.

        https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-create-endpoint-prerequisites.html
        """
        parts = self._parts
        role.read(parts.storage, parts.folder(FOLDER, "input"))
        role.write(parts.storage, parts.folder(FOLDER, "output"))
        role.write(parts.storage, parts.folder(FOLDER, "failures"))
        for topic in self.topics or ():
            allow(role, ["sns:Publish"], topic.topic_arn)
