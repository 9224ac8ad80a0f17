"""A machine to prototype on, with no open port, that stops itself when nobody works on it."""

from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments.dev_host import NotebookHost, RStudioHost
from environments.schema import Environment
from stacks.dev_host.notebook import Notebook
from stacks.dev_host.parts import HostParts
from stacks.dev_host.rstudio import RStudio
from stacks.dev_host.security_group import HostSecurityGroup
from stacks.dev_host.stop_schedule import StopSchedule
from stacks.storage import Storage


class DevHostStack(Stack):
    """RStudio Server or a notebook, the key of all that it keeps, and when it stops each day."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        settings: RStudioHost | NotebookHost,
        storage: Storage,
        api: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        key = kms.Key(
            self,
            "Key",
            description="The disks of the dev host, and its password",
            enable_key_rotation=True,
            pending_window=Duration.days(7),
            removal_policy=RemovalPolicy.RETAIN
            if environment.retain_data
            else RemovalPolicy.DESTROY,
        )
        parts = HostParts(
            environment=environment,
            storage=storage,
            api=api,
            key=key,
            security_group=HostSecurityGroup(self, "SecurityGroup", vpc_id=settings.vpc_id),
        )
        host = (
            RStudio(self, "RStudio", parts=parts, settings=settings)
            if isinstance(settings, RStudioHost)
            else Notebook(self, "Notebook", parts=parts, settings=settings)
        )
        if settings.stop_schedule is not None:
            StopSchedule(
                self,
                "StopSchedule",
                expression=settings.stop_schedule,
                time_zone=settings.time_zone,
                stop=host.stop,
            )
