"""The way to RStudio: Session Manager's agent, a session of it, and RStudio behind the tunnel."""

import http.client
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console

from cli.dev_host.instance import Instance
from cli.dev_host.plugin import Tunnel
from cli.dev_host.waiting import wait_until
from cli.problems import HostFailed

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

AGENT_TIMEOUT = 300
"""Seconds from a running instance to an agent that takes sessions: a boot, and its first call."""
RSTUDIO_PORT = 8787
RSTUDIO_TIMEOUT = 120
"""Seconds that RStudio Server has, which waits for the volume of the user's files."""


def forwarding(instance_id: str, port: int) -> dict[str, Any]:
    """Return the request of a session that forwards the port to RStudio's."""
    return {
        "Target": instance_id,
        "DocumentName": "AWS-StartPortForwardingSession",
        "Parameters": {"portNumber": [str(RSTUDIO_PORT)], "localPortNumber": [str(port)]},
    }


def start_session(
    ssm: "SSMClient", asked: Mapping[str, Any], instance: Instance, console: Console
) -> Mapping[str, Any]:
    """Start the session as soon as the agent of the instance takes one; return the response.

    Raises HostFailed if it does not in AGENT_TIMEOUT seconds.
    """
    started: dict[str, Any] = {}

    def look() -> tuple[bool, str]:
        if not _is_online(ssm, instance):
            return False, "not online yet"
        try:
            started.update(ssm.start_session(**asked))
        except ssm.exceptions.TargetNotConnected:
            return False, "takes no session yet"
        return True, "online"

    wait_until(
        console,
        "Session Manager's agent",
        look,
        timeout=AGENT_TIMEOUT,
        advice="does the subnet reach the internet, or have endpoints of ssm and ssmmessages? "
        "The EC2 console has the instance's system log",
    )
    return started


def _is_online(ssm: "SSMClient", instance: Instance) -> bool:
    """Tell whether the agent has called since the start: of one before it is online for minutes."""
    found = ssm.describe_instance_information(
        Filters=[{"Key": "InstanceIds", "Values": [instance["InstanceId"]]}]
    )["InstanceInformationList"]
    return any(
        each["PingStatus"] == "Online" and each["LastPingDateTime"] >= instance["LaunchTime"]
        for each in found
    )


def wait_for_rstudio(tunnel: Tunnel, port: int, console: Console) -> None:
    """Wait until RStudio answers through the tunnel. Raises HostFailed if the tunnel ends."""

    def look() -> tuple[bool, str]:
        if tunnel.process.poll() is not None:
            raise HostFailed(f"there is no tunnel: {tunnel.said()}")
        answers = _answers(port)
        return answers, "answers" if answers else "does not answer yet"

    wait_until(
        console,
        "RStudio",
        look,
        timeout=RSTUDIO_TIMEOUT,
        advice="on the host, sudo journalctl -u rstudio-server -u sagestack-workspace says more",
    )


def _answers(port: int) -> bool:
    # without the proxy that urllib may have been told to use
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
