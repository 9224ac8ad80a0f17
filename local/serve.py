"""`make local`: the app deployed to the embedded AWS, left running until Ctrl-C."""

import os
import shlex
import signal
import threading

from rich.console import Console

from local.cdk_cli import ROOT
from local.demo import WORKLOAD, deploy, relative, started
from local.deployment import Deployment
from local.progress import Stages
from local.session import EmbeddedAWS
from workloads.loading import load_settings

ENVIRONMENT_FILE = ROOT / "build" / "local.env"
"""Shell assignments for a second terminal; there only while `make local` runs."""


def serve(console: Console) -> None:
    """Deploy, print how to reach it all, and wait for Ctrl-C."""
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    app_name = load_settings(ROOT).environment.name
    stages = Stages(console)
    with started(stages) as aws:
        deployment = Deployment(aws)
        deploy(deployment, stages)
        ENVIRONMENT_FILE.write_text(
            "".join(
                f"export {name}={shlex.quote(value)}\n"
                for name, value in sorted(aws.environment().items())
                if name != "PATH" and os.environ.get(name) != value
            )
        )
        try:
            _print_addresses(console, aws, deployment.api(app_name).url, app_name)
            stopped.wait()
        except KeyboardInterrupt:
            console.print("\nStopping the embedded AWS.")
        finally:
            ENVIRONMENT_FILE.unlink(missing_ok=True)


def _print_addresses(console: Console, aws: EmbeddedAWS, api_url: str, app_name: str) -> None:
    file = relative(ENVIRONMENT_FILE)
    console.print(
        f"""
AWS endpoint  {aws.endpoint_url}
API           {api_url}
Log           {aws.log_path}

In another terminal, in this folder:

    . {file}   # AWS_ENDPOINT_URL and dummy keys for aws, boto3, the SageMaker SDK, cdk
    .venv/bin/python - <<'PY'
    import boto3
    answer = boto3.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="{app_name}-{WORKLOAD}", ContentType="text/csv",
        Body="Sepal.Width,Petal.Length,Petal.Width,Species\\n3.5,1.4,0.2,setosa\\n")
    print(answer["Body"].read().decode())
    PY
    curl --aws-sigv4 aws:amz:{aws.region}:execute-api --user test:test {api_url}/workloads

After an edit, `make deploy` there deploys to the embedded AWS. Ctrl-C here ends it all.
""",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
