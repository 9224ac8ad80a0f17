"""What the CDK CLI runs as `docker` (its CDK_DOCKER): images for the embedded AWS's registry.

The CLI runs `login`, `inspect <local tag>`, `build … --tag <local tag> .`, `tag <local tag> <uri>`,
`images` and `push <uri>`, where the URI is that of the real ECR. With an engine the real docker
builds, and pushes to the local registry instead. Without one, the build context itself is kept
between build and push, with the build's arguments, and pushed as an image whose environment they
are (local/runners/images.py).
"""

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from local.runners import ImageError, images
from local.runners.engine import chosen

STATE = "SAGESTACK_SHIM_STATE"
"""Environment variable: the folder where images wait for their push."""
CONTEXT, BUILD_ARGS = "context", "build-args.json"
"""What there is of an image that waits."""

_NO_PROGRAMS = ("Dockerfile", ".dockerignore")
"""Files that only the engine reads."""
INSTALL = Path(__file__).with_name("install.sh")
_LARGE = 1 << 20
"""Bytes; no program is as long."""


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
        case ["build", *options, "."]:
            _assert_native(Path.cwd())
            _install_packages(Path.cwd())
            image = _waiting(state, options[options.index("--tag") + 1])
            shutil.copytree(Path.cwd(), image / CONTEXT, symlinks=True, dirs_exist_ok=True)
            (image / BUILD_ARGS).write_text(json.dumps(_build_args(options)))
        case ["inspect", tag]:
            return 0 if _waiting(state, tag).exists() else 1
        case ["tag", source, target]:
            shutil.copytree(
                _waiting(state, source), _waiting(state, target), symlinks=True, dirs_exist_ok=True
            )
        case ["images", *_]:
            return 0
        case ["push", uri]:
            image = _waiting(state, uri)
            digest = images.push(
                image / CONTEXT,
                os.environ["AWS_ENDPOINT_URL"],
                images.Reference.parse(uri),
                json.loads((image / BUILD_ARGS).read_text()),
            )
            shutil.rmtree(image)
            print(f"pushed the build context as {uri}@{digest}: no Docker engine here")
        case _:
            print(f"without a Docker engine: no `docker {' '.join(arguments)}`", file=sys.stderr)
            return 2
    return 0


def _assert_native(context: Path) -> None:
    """Raise ImageError if the programs in a build context know no folder but /opt/ml.

    They would read and write that folder of this machine, whoever it belongs to.
    """
    files = (file for file in sorted(context.rglob("*")) if file.is_file())
    texts = {
        file.relative_to(context): file.read_text(errors="replace")
        for file in files
        if file.name not in _NO_PROGRAMS and file.suffix != ".md" and file.stat().st_size < _LARGE
    }
    bound = [str(file) for file, text in texts.items() if "/opt/ml" in text]
    if bound and not any("SAGEMAKER_BASE_DIR" in text for text in texts.values()):
        raise ImageError(
            f"found /opt/ml in {', '.join(bound)}, and SAGEMAKER_BASE_DIR in no file: such a "
            "container runs in Docker only, as a process it would be at /opt/ml of this machine. "
            "Start a Docker engine, or let the programs work in the folder that the environment "
            "variable SAGEMAKER_BASE_DIR names"
        )


def _install_packages(context: Path) -> None:
    """Install what a container's apt-packages.txt name on this machine, as a build would.

    Raises ImageError, which says what to type where this user may not.
    """
    command = [str(INSTALL), "packages", str(context)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(done.stderr)
    if done.returncode:
        raise ImageError(f"not every package of {context.name} could be installed")


def _build_args(options: list[str]) -> dict[str, str]:
    """Return the values of `--build-arg name=value`."""
    given = [after for option, after in pairwise(options) if option == "--build-arg"]
    return dict(argument.split("=", 1) for argument in given)


def _waiting(state: Path, tag: str) -> Path:
    return state / tag.replace("/", "_").replace(":", "_")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ImageError as error:
        sys.exit(str(error))
