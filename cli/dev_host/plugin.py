"""AWS's session-manager-plugin, the program at this end of a tunnel."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.problems import InputError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

PLUGIN = "session-manager-plugin"
INSTALLATION = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
    "session-manager-working-with-install-plugin.html"
)
RESPONSE = "AWS_SSM_START_SESSION_RESPONSE"
"""The variable that has what StartSession answered, with the session's token."""
TOO_OLD = (1, 2, 497, 0)
"""The last version that takes the answer on its command line alone.

https://github.com/aws/aws-cli/blob/v2/awscli/customizations/sessionmanager.py
"""
PATIENCE = 5.0
"""Seconds that the plugin has to end."""


def assert_installed() -> None:
    """Raise InputError unless the plugin is there, and takes the token from its environment.

    Everybody on a machine can read the command lines of it.
    """
    if shutil.which(PLUGIN) is None:
        raise InputError(
            f"{PLUGIN} is not installed, without which there is no tunnel: {INSTALLATION}"
        )
    asked = subprocess.run([PLUGIN, "--version"], capture_output=True, text=True, check=False)
    version = asked.stdout.strip()
    numbers = tuple(map(int, version.split("."))) if re.fullmatch(r"\d+(\.\d+)*", version) else ()
    if numbers <= TOO_OLD:
        raise InputError(
            f"{PLUGIN}: found version {version or 'none'}; allowed: one after "
            f"{'.'.join(map(str, TOO_OLD))}, which keeps the session's token off the command "
            f"line: {INSTALLATION}"
        )


@dataclass(frozen=True)
class Tunnel:
    """A plugin that runs."""

    process: "subprocess.Popen[bytes]"
    output: IO[bytes]

    def said(self) -> str:
        """Return the last of what it printed, in one line."""
        self.output.seek(0)
        lines = self.output.read().decode(errors="replace").split("\n")
        return "; ".join(line.strip() for line in lines if line.strip())[-500:] or "it said nothing"


@contextmanager
def tunnel(
    ssm: "SSMClient", asked: Mapping[str, Any], session: Mapping[str, Any]
) -> Iterator[Tunnel]:
    """Run the plugin for a session, as the AWS CLI does; both have ended afterwards.

    `asked` and `session` are the request of StartSession, and its response.
    """
    command = [
        PLUGIN,
        RESPONSE,
        ssm.meta.region_name,
        "StartSession",
        os.environ.get("AWS_PROFILE", ""),
        json.dumps(asked),
        ssm.meta.endpoint_url,
    ]
    response = {key: session[key] for key in ("SessionId", "TokenValue", "StreamUrl")}
    environment = os.environ | {RESPONSE: json.dumps(response)}
    try:
        with (
            tempfile.TemporaryFile() as output,
            subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                yield Tunnel(process, output)
            finally:
                _end(process)
    finally:
        # The host counts its sessions to know whether it is idle. Who may not end one need not: it
        # ends by itself after Session Manager's idle timeout.
        with suppress(ClientError, BotoCoreError):
            ssm.terminate_session(SessionId=session["SessionId"])


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
