"""`make local`: the app deployed to the embedded AWS, left running until Ctrl-C."""

import os
import shlex
import signal
import threading

from rich.console import Console

from local.cdk_cli import ROOT, CdkError
from local.demo import deploy, relative, started
from local.deployment import Deployment
from local.progress import Stages
from local.session import EmbeddedAWS
from workloads.loading import Settings, load_settings

ENVIRONMENT_FILE = ROOT / "build" / "local.env"
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


def serve(console: Console) -> None:
    """Deploy, print how to reach it all, and wait for Ctrl-C.

    Raises RuntimeError if the embedded AWS ends before that.
    """
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    settings = load_settings(ROOT)
    stages = Stages(console)
    with started(stages) as aws:
        ENVIRONMENT_FILE.parent.mkdir(exist_ok=True)
        ENVIRONMENT_FILE.write_text(_shell(aws))
        try:
            console.print(_deployed(settings, aws, stages), markup=False, soft_wrap=True)
            while not stopped.wait(1):
                if not aws.running:
                    raise RuntimeError(f"the embedded AWS ended by itself; see {aws.log_path}")
        except KeyboardInterrupt:
            console.print("\nStopping the embedded AWS.")
        finally:
            ENVIRONMENT_FILE.unlink(missing_ok=True)


def _deployed(settings: Settings, aws: EmbeddedAWS, stages: Stages) -> str:
    """Deploy; return what to do next, also when it fails: what did deploy is not thrown away."""
    deployment = Deployment(aws)
    try:
        deploy(deployment, stages)
    except CdkError as error:
        return f"""
{error}

The embedded AWS goes on. Its log is {relative(aws.log_path)}; when you have corrected the file, in
another terminal, in this folder:

    . {relative(ENVIRONMENT_FILE)}
    make deploy

Ctrl-C here ends it all.
"""
    return _how_to_reach(settings, aws, deployment.api(settings.environment.name).url)


def _shell(aws: EmbeddedAWS) -> str:
    """Return what a shell sources to work with the embedded AWS and no other."""
    assignments = [
        f"export {name}={shlex.quote(value)}\n"
        for name, value in sorted(aws.environment().items())
        if name != "PATH" and os.environ.get(name) != value
    ]
    return f"unset {' '.join(REMOVED)}\n" + "".join(assignments)


def _how_to_reach(settings: Settings, aws: EmbeddedAWS, api_url: str) -> str:
    name = settings.environment.name
    workload = settings.workloads[0]
    endpoints = ", ".join(each.endpoint_name(name) for each in settings.workloads)
    return f"""
AWS endpoint  {aws.endpoint_url}
Endpoints     {endpoints}
API           {api_url}
Log           {relative(aws.log_path)}

In another terminal, in this folder:

    . {relative(ENVIRONMENT_FILE)}   # endpoint and dummy keys for aws, boto3, SageMaker SDK, cdk
    .venv/bin/python - <<'PY'
    import boto3
    answer = boto3.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="{workload.endpoint_name(name)}", ContentType="{workload.smoke.content_type}",
        Body={workload.smoke.body!r})
    print(answer["Body"].read().decode())
    PY
    curl --aws-sigv4 aws:amz:{aws.region}:execute-api --user test:test {api_url}/workloads

In that terminal too: `make deploy` after an edit, `make train`, `make transform`, `make logs`.
Ctrl-C here ends it all.
"""
