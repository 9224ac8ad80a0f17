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


_ASSET = re.compile(
    r"^(?P<stack>\S+): (?:start: (?P<doing>Building|Publishing)|success: \S+) (?P<asset>.+)$"
)
_DONE = re.compile(r"^ *✅ +(?P<stack>[^\s:]+)(?: \((?P<name>\S+)\))?")


class CdkError(Exception):
    """The CDK's command line failed; the text is the end of what it printed."""


def run_cdk(
    *arguments: str, environment: Mapping[str, str], report: Report, root: Path = ROOT
) -> str:
    """Run `cdk` with `arguments` for the project at `root` and return all that it printed.

    What it does with which stack is reported as it comes. Raises CdkError when it fails.
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
    stacks = _Stacks()
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if now := stacks.read(line):
            report(now)
    if process.wait() != 0:
        raise CdkError(_verdict(lines))
    return "".join(lines)


class _Stacks:
    """The stacks that are in work, of which there may be several, by what the CLI prints."""

    def __init__(self) -> None:
        self._counts: dict[str, str] = {}

    def read(self, line: str) -> str | None:
        """Say what is in work, and what was done last; None if the line says nothing of that."""
        if event := _EVENT.match(line):
            self._counts[event["stack"]] = event["count"].strip()
            return f"{self}: {event['status']} {event['name']}"
        if (asset := _ASSET.match(line)) and asset["doing"]:
            self._counts.setdefault(asset["stack"], "")
            return f"{self}: {asset['doing']} {asset['asset']}"
        if done := _DONE.match(line):
            self._counts.pop(done["name"] or done["stack"], None)
            return f"{self}" or None
        return None

    def __str__(self) -> str:
        return ", ".join(f"{stack} {count}".rstrip() for stack, count in self._counts.items())


def _verdict(lines: list[str]) -> str:
    """Return what the CLI said of the failure: from its cross on, or else last, 40 lines of it."""
    told = [line for line in lines if not (_EVENT.match(line) or _ASSET.match(line))]
    crosses = [at for at, line in enumerate(told) if "❌" in line]
    return "".join(told[crosses[0] :] if crosses else told[-40:]).rstrip()
