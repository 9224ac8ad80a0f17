"""The notebook instance, the other kind of dev host: starts it, stops it, opens it."""

from typing import TYPE_CHECKING

from rich.console import Console

from cli.dev_host.waiting import wait_until
from cli.local_page import open_in_browser
from cli.problems import HostFailed

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

TIMEOUT = 900
"""Seconds that a stop and a start have together."""


def start(sagemaker: "SageMakerClient", name: str, console: Console) -> None:
    """Start the notebook instance if it is stopped, or as soon as it is; return when it runs.

    Raises HostFailed if it fails, with SageMaker's reason, or takes too long.
    """

    def look() -> tuple[bool, str]:
        described = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
        status = described["NotebookInstanceStatus"]
        if status == "Failed":
            reason = described.get("FailureReason", "no reason is given")
            raise HostFailed(f"the notebook instance {name} has failed: {reason}")
        if status == "Stopped":
            sagemaker.start_notebook_instance(NotebookInstanceName=name)
        return status == "InService", status

    try:
        wait_until(
            console,
            name,
            look,
            timeout=TIMEOUT,
            advice="its log group is /aws/sagemaker/NotebookInstances",
        )
    except KeyboardInterrupt:
        console.print("\nThe notebook instance goes on starting; make dev-host-stop stops it.")
        raise


def open_notebook(
    sagemaker: "SageMakerClient", name: str, console: Console, *, browser: bool
) -> None:
    """Start it, and open Jupyter by a URL that logs in; whoever has the URL is in."""
    start(sagemaker, name, console)
    # the URL itself holds for five minutes
    url = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name)[
        "AuthorizedUrl"
    ]
    if not (browser and open_in_browser(url)):
        console.print(url, markup=False, soft_wrap=True)


def stop(sagemaker: "SageMakerClient", name: str) -> str:
    """Stop it unless it stops already; return its status before."""
    status = sagemaker.describe_notebook_instance(NotebookInstanceName=name)[
        "NotebookInstanceStatus"
    ]
    if status == "Pending":
        raise HostFailed(f"the notebook instance {name} is starting, and stops when it has started")
    if status == "InService":
        sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    return status
