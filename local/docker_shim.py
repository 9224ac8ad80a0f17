"""What the CDK CLI runs as `docker` (its CDK_DOCKER): images for the embedded AWS's registry.

The CLI runs `login`, `inspect <local tag>`, `build … --tag <local tag> .`, `tag <local tag> <uri>`,
`images` and `push <uri>`, where the URI is that of the real ECR. With an engine the real docker
builds, and pushes to the local registry instead. Without one, the build context itself is kept
between build and push, and pushed as an image (local/runners/images.py).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from local.runners import ImageError, images
from local.runners.engine import chosen

STATE = "SAGESTACK_SHIM_STATE"
"""Environment variable: the folder where images wait for their push."""


def main(arguments: list[str]) -> int:
    """Do what the CDK CLI asks of docker; the exit code."""
    if arguments[:1] == ["login"]:
        sys.stdin.read()  # the local registry needs no password, and never gets one
        return 0
    if chosen() == "docker":
        return _with_engine(arguments)
    return _without_engine(arguments, Path(os.environ[STATE]))


def _with_engine(arguments: list[str]) -> int:
    # Buildx's attestations make an OCI index, which CreateModel rejects.
    environment = os.environ | {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    if arguments[:1] == ["push"]:
        reference = images.Reference.parse(arguments[1])
        registry = os.environ["AWS_ENDPOINT_URL"].partition("://")[2]
        local = f"{registry}/{reference.repository}:{reference.version}"
        _docker(["tag", arguments[1], local], environment)
        pushed = _docker(["push", local], environment)
        _docker(["rmi", local, arguments[1]], environment)  # names only: the build's tag stays
        return pushed
    return _docker(arguments, environment)


def _docker(arguments: list[str], environment: dict[str, str]) -> int:
    return subprocess.run(["docker", *arguments], env=environment, check=False).returncode


def _without_engine(arguments: list[str], state: Path) -> int:
    match arguments:
        case ["build", *_, "."]:
            context = _waiting(state, arguments[arguments.index("--tag") + 1])
            shutil.copytree(Path.cwd(), context, symlinks=True, dirs_exist_ok=True)
        case ["inspect", tag]:
            return 0 if _waiting(state, tag).exists() else 1
        case ["tag", source, target]:
            shutil.copytree(
                _waiting(state, source), _waiting(state, target), symlinks=True, dirs_exist_ok=True
            )
        case ["images", *_]:
            return 0
        case ["push", uri]:
            endpoint = os.environ["AWS_ENDPOINT_URL"]
            context = _waiting(state, uri)
            digest = images.push(context, endpoint, images.Reference.parse(uri))
            shutil.rmtree(context)
            print(f"pushed the build context as {uri}@{digest}: no Docker engine here")
        case _:
            print(f"without a Docker engine: no `docker {' '.join(arguments)}`", file=sys.stderr)
            return 2
    return 0


def _waiting(state: Path, tag: str) -> Path:
    return state / tag.replace("/", "_").replace(":", "_")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ImageError as error:
        sys.exit(str(error))
