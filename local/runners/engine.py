"""Whether containers run in Docker or natively: the same answer for the images and for the jobs."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Literal

CHOICE = "SAGESTACK_RUNNER"
"""Environment variable that forces the choice: `docker` or `process`."""


def chosen(environment: Mapping[str, str] = os.environ) -> Literal["docker", "process"]:
    """Return what was asked for, else docker where an engine answers, else process."""
    choice = environment.get(CHOICE, "")
    if choice == "docker":
        return "docker"
    if choice == "process":
        return "process"
    if choice:
        raise ValueError(f"{CHOICE} is {choice!r}; it can be 'docker' or 'process'")
    return "docker" if _answers(environment) else "process"


def _answers(environment: Mapping[str, str]) -> bool:
    if shutil.which("docker", path=environment.get("PATH")) is None:
        return False
    try:
        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            env=dict(environment),
            capture_output=True,
            timeout=10,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0
