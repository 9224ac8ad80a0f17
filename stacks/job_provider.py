"""The one Provider behind every custom resource of the app: it starts jobs and waits for them."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import custom_resources as cr
from constructs import Construct

from stacks.acknowledge import acknowledge, wildcard_resource
from stacks.functions import Boto3Layer, PythonFunction
from stacks.job_permissions import (
    allow_checking_asynchronous_endpoints,
    allow_checking_endpoints,
    allow_finding_what_serves,
    allow_following_jobs,
    allow_quoting_training_logs,
    allow_reading_evaluations,
    allow_scaling_variants,
    allow_starting_jobs,
)
from stacks.log_groups import LogGroup, LogKeeping
from stacks.storage import Storage

POLL_INTERVAL = Duration.seconds(5)


class JobProvider(Construct):
    """`service_token` for custom resources; no job outlives the app.

    `handler_roles` are for a stack that has the handlers do more than every app needs.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        app_name: str,
        logs: LogKeeping,
        storage: Storage,
    ) -> None:
        super().__init__(scope, construct_id)
        self._app_name = app_name
        self._logs = logs
        self._layer = Boto3Layer(self, "Boto3")
        on_event = self._handler("OnEvent", "on_event", "Starts and stops SageMaker jobs")
        is_complete = self._handler("IsComplete", "is_complete", "Looks at SageMaker jobs")
        self.handler_roles = (on_event.execution_role, is_complete.execution_role)
        allow_starting_jobs(on_event.execution_role, app_name)
        allow_finding_what_serves(on_event.execution_role, app_name)
        allow_checking_endpoints(is_complete.execution_role, app_name)
        allow_scaling_variants(is_complete.execution_role, app_name)
        allow_quoting_training_logs(is_complete.execution_role)
        allow_reading_evaluations(is_complete.execution_role, storage)
        allow_checking_asynchronous_endpoints(is_complete.execution_role, app_name, storage)
        provider_logs = LogGroup(self, "ProviderLogs", keeping=logs)
        start_role = self._framework_role("Start", provider_logs)
        wait_role = self._framework_role("Wait", provider_logs)
        provider = cr.Provider(
            self,
            "Provider",
            on_event_handler=on_event,
            is_complete_handler=is_complete,
            query_interval=POLL_INTERVAL,
            # CloudFormation gives a custom resource one hour. 648 waits of 5 s and as many calls
            # end before it, so that it is the Provider that says what the hour was spent on.
            total_timeout=Duration.minutes(54),
            log_group=provider_logs,
            framework_on_event_role=start_role,
            framework_complete_and_timeout_role=wait_role,
        )
        self.service_token = provider.service_token
        CustomResource(
            self,
            "CleanUp",
            resource_type="Custom::SageMakerJobCleanUp",
            service_token=self.service_token,
            properties={"AppName": app_name},
        )
        self._acknowledge_framework(provider, (start_role, wait_role), (on_event, is_complete))

    def _handler(self, construct_id: str, function: str, description: str) -> PythonFunction:
        handler = PythonFunction(
            self,
            construct_id,
            handler=f"jobs.handler.{function}",
            description=f"{description} for CloudFormation",
            layer=self._layer,
            # up to ten variants answer the smoke payload one after another, 60 s each at most
            timeout=Duration.minutes(15),
            memory_mb=512,
            logs=self._logs,
        )
        allow_following_jobs(handler.execution_role, self._app_name)
        return handler

    def _framework_role(self, construct_id: str, log_group: LogGroup) -> iam.Role:
        """Make a role that cannot create a log group: a line after the stack's end leaves none."""
        role = iam.Role(
            self,
            f"Framework{construct_id}Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="The CDK's Provider framework",
        )
        log_group.grant_write(role)
        return role

    def _acknowledge_framework(
        self, provider: cr.Provider, roles: Sequence[iam.Role], handlers: Sequence[PythonFunction]
    ) -> None:
        versions = "The Provider invokes its functions in whatever version, and nothing else."
        framework = [
            cast(lambda_.Function, provider.node.find_child(function))
            for function in ("framework-isComplete", "framework-onTimeout")
        ]
        for role in roles:
            acknowledge(role, self._versions(handlers, versions))
        acknowledge(
            provider,
            {
                "AwsSolutions-SF1": "It only sleeps; what it calls logs each look at a job.",
                "AwsSolutions-SF2": "The waiter only sleeps: there is nothing to trace.",
                **self._versions(framework, versions),
            },
        )

    def _versions(self, functions: Sequence[lambda_.Function], reason: str) -> dict[str, str]:
        return {
            wildcard_resource(self, f"{function.function_arn}:*"): reason for function in functions
        }
