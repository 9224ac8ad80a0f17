"""sagestack, from the top: one stack of what all share, one per workload, and the API.

    staging     templates, code and images of this app (the synthesizer makes it)
    shared      the data bucket with its key, the provider that runs jobs
    network     a VPC without a way to the internet, if the environment asks for one
    <workload>  data -> training or tuning -> evaluation -> model -> endpoint -> entry in the API
    api         API Gateway -> Lambda proxy -> the workloads' endpoints
    dev-host    RStudio Server to prototype on, if the environment asks for one

A file of workloads/ is one workload; a file of environments/ is what differs by account.
"""

import os
import sys
from pathlib import Path

from aws_cdk import App, Environment, Tags

from environments.loading import Settings, load_settings
from stacks.api import ApiStack
from stacks.dev_host.stack import DevHostStack
from stacks.log_groups import give_cdk_functions_log_groups
from stacks.network.placement import Placement
from stacks.network.stack import NetworkStack
from stacks.shared import SharedStack
from stacks.staging import harden_staging, staging_synthesizer
from stacks.workload import WorkloadStack
from workloads.loading import SettingsError

ROOT = Path(__file__).resolve().parent


def build_app(app: App, settings: Settings, *, checked: bool = True) -> App:
    """Add the stacks that `settings` ask for to `app`, and the checks of its synth."""
    environment = settings.environment
    name = environment.name
    env = Environment(account=environment.account, region=environment.region)
    synthesizer = staging_synthesizer(name)

    shared = SharedStack(
        app,
        f"{name}-shared",
        environment=environment,
        workloads=settings.workloads,
        env=env,
        synthesizer=synthesizer,
    )
    placement = Placement.existing(environment.vpc)
    if environment.vpc is not None and placement is None:
        placement = NetworkStack(
            app,
            f"{name}-network",
            settings=environment.vpc,
            workloads=settings.workloads,
            shared=shared,
            env=env,
            synthesizer=synthesizer,
        ).placement
    for workload in settings.workloads:
        WorkloadStack(
            app,
            f"{name}-{workload.name}",
            environment=environment,
            workload=workload,
            shared=shared,
            placement=placement,
            env=env,
            synthesizer=synthesizer,
        )
    api = ApiStack(
        app,
        f"{name}-api",
        environment=environment,
        shared=shared,
        env=env,
        synthesizer=synthesizer,
    )
    if environment.dev_host is not None:
        host = DevHostStack(
            app,
            f"{name}-dev-host",
            environment=environment,
            settings=environment.dev_host,
            storage=shared.storage,
            api=api.rest_api_id,
            env=env,
            synthesizer=synthesizer,
        )
        host.add_dependency(api)

    harden_staging(app)
    give_cdk_functions_log_groups(app, shared.logs)
    for key, value in environment.all_tags.items():
        Tags.of(app).add(key, value)
    if checked:
        # here, as it loads cdk-nag, which `make synth-fast` need not wait for
        from stacks.validation import add_validations  # noqa: PLC0415

        add_validations(app)
    return app


def main() -> None:
    """Synthesize; what is wrong with the settings goes to standard error, with exit code 2."""
    app = App()
    try:
        settings = load_settings(
            ROOT,
            app.node.try_get_context("environment") or "default",
            os.environ.get("CDK_DEFAULT_REGION"),  # the CDK's CLI says where it would deploy
        )
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    # the CDK's own word: it leaves its linter out as well
    checked = os.environ.get("CDK_VALIDATION") != "false"
    build_app(app, settings, checked=checked).synth()


if __name__ == "__main__":
    main()
