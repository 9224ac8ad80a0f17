"""The real CDK command line, run with its progress read from its events."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.progress import Report

ROOT = Path(__file__).resolve().parent.parent
CDK = ROOT / "node_modules" / ".bin" / "cdk"
_EVENT = re.compile(
    r"^(?P<stack>\S+) \|\s*(?P<count>[\d/ ]*)\| .*? \| (?P<status>[A-Z_]+)\s*\| "
    r"(?P<type>\S+)\s*\| (?P<name>\S+)"
)


class CdkError(Exception):
    """The CDK's command line failed; the text is the end of what it printed."""


def run_cdk(
    *arguments: str, environment: Mapping[str, str], report: Report, root: Path = ROOT
) -> str:
    """Run `cdk` with `arguments` for the project at `root` and return all that it printed.

    Each CloudFormation event is reported as it comes. Raises CdkError when it fails.
    """
    process = subprocess.Popen(
        [str(CDK), *arguments, "--ci", "--no-color", "--no-notices"],
        cwd=root,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if event := _EVENT.match(line):
            count = event["count"].strip()
            report(f"{event['stack']} {count} {event['status']} {event['name']}")
    if process.wait() != 0:
        raise CdkError(_verdict(lines))
    return "".join(lines)


def _verdict(lines: list[str]) -> str:
    """Return what the CLI said of the failure: from its cross on, or else its last 40 lines."""
    crosses = [at for at, line in enumerate(lines) if "❌" in line]
    return "".join(lines[crosses[0] :] if crosses else lines[-40:]).rstrip()
