"""`make local`: the app deployed to the embedded AWS, left running until Ctrl-C."""

import os
import shlex
import signal
import textwrap
import threading
from collections.abc import Sequence

from rich.console import Console

from cli.account import Account
from cli.api_calls import curl_line
from cli.deploy import workload_stacks
from cli.words import workloads_named
from environments.loading import Settings, load_settings
from environments.schema import Environment
from local.cdk_cli import ROOT, CdkError
from local.demo import QUICK, deploy, relative, started
from local.deployment import Deployment
from local.progress import Stages
from local.results import Results
from local.session import EmbeddedAWS
from workloads.schema import Workload

BUILD = ROOT / "build"
ENVIRONMENT_FILE = BUILD / "local.env"
"""Shell assignments for a second terminal; there only while `make local` runs."""

# What a shell that works with a real account may have set, and what would lead back to it.
REMOVED = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "CDK_DEFAULT_ACCOUNT",
    "CDK_DEFAULT_REGION",
)


def serve(words: str, console: Console) -> None:
    """Deploy the workloads of `words`, print how to reach it all, and wait for Ctrl-C.

    Raises InputError for a name that is no workload's, RuntimeError if the embedded AWS ends before
    Ctrl-C.
    """
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    settings = load_settings(ROOT)
    workloads = workloads_named(words, settings, default=QUICK)
    stages = Stages(console)
    with started(stages) as aws:
        ENVIRONMENT_FILE.parent.mkdir(exist_ok=True)
        ENVIRONMENT_FILE.write_text(_shell(aws))
        try:
            console.print(_deployed(workloads, settings, aws, stages), markup=False, soft_wrap=True)
            while not stopped.wait(1):
                if not aws.running:
                    raise RuntimeError(f"the embedded AWS ended by itself; see {aws.log_path}")
        except KeyboardInterrupt:
            console.print("\nStopping the embedded AWS.")
        finally:
            ENVIRONMENT_FILE.unlink(missing_ok=True)


def _deployed(
    workloads: Sequence[Workload], settings: Settings, aws: EmbeddedAWS, stages: Stages
) -> str:
    """Deploy; return what to do next, also when it fails: what did deploy is not thrown away."""
    deployment = Deployment(aws)
    try:
        deploy(deployment, stages, workload_stacks(workloads, settings))
    except CdkError as error:
        return f"""
{error}

The embedded AWS goes on. Its log is {relative(aws.log_path)}; when you have corrected the file, in
another terminal, in this folder:

    . {relative(ENVIRONMENT_FILE)}
    {_deploy_again(workloads)}

Ctrl-C here ends it all.
"""
    environment = settings.environment
    url = deployment.api_url(environment.name)
    return _how_to_reach(workloads, environment, aws, url)


def _deploy_again(workloads: Sequence[Workload]) -> str:
    """Return what to type to deploy the same workloads; without their names it would be all."""
    return f'make deploy WORKLOADS="{" ".join(each.name for each in workloads)}"'


def _shell(aws: EmbeddedAWS) -> str:
    """Return what a shell sources to work with the embedded AWS and no other."""
    assignments = [
        f"export {name}={shlex.quote(value)}\n"
        for name, value in sorted(aws.environment().items())
        if name != "PATH" and os.environ.get(name) != value
    ]
    return f"unset {' '.join(REMOVED)}\n" + "".join(assignments)


def _how_to_reach(
    workloads: Sequence[Workload], environment: Environment, aws: EmbeddedAWS, api_url: str
) -> str:
    app, api = environment.name, environment.api
    workload = workloads[0]
    endpoints = ", ".join(each.endpoint_name(app) for each in workloads)
    account = Account.of(aws.session())
    results = [Results(account, app, each) for each in workloads]
    rows = (
        ("AWS endpoint", aws.endpoint_url),
        ("Endpoints", endpoints),
        ("API", api_url),
        *(("Metrics", told) for each in results if (told := each.told())),
        *(("Report", relative(path)) for each in results for path in each.fetch_reports(BUILD)),
        ("Log", relative(aws.log_path)),
    )
    reached = "\n".join(f"{what:<14}{where}" for what, where in rows)
    return f"""
{reached}

In another terminal, in this folder:

    . {relative(ENVIRONMENT_FILE)}   # endpoint and dummy keys for aws, boto3, SageMaker SDK, cdk
    .venv/bin/python - <<'PY'
    import boto3
    answer = boto3.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="{workload.endpoint_name(app)}", ContentType="{workload.smoke.content_type}",
        Body={workload.smoke.body!r})
    print(answer["Body"].read().decode())
    PY
{textwrap.indent(curl_line(workload, api, api_url, aws.region), "    ")}

In that terminal too: `{_deploy_again(workloads)}` after an edit,
`make train`, `make transform`, `make logs`.
Ctrl-C here ends it all.
"""
