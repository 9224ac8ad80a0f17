"""Stand-ins for AWS's own images of built-in algorithms, which cannot be had without an account.

A folder here is one, by the name of AWS's repository: like a container's, it has `train` and
`serve`, a Dockerfile and apt-packages.txt. requirements.lock is what local/install.sh unpacks from
PyPI, which the image has as packages/; metrics.json is what SageMaker finds in the algorithm's log.
"""

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextvars import copy_context
from functools import cache
from pathlib import Path
from typing import Any

from ministack.core.responses import get_account_id, set_request_account_id
from ministack.services import ecr

from local.runners import ImageError, images
from local.runners.engine import chosen
from local.runners.images import Reference
from workloads.builtin_images import BUILTINS, BuiltinImage
from workloads.schema import xgboost_hyperparameters

FOLDERS = Path(__file__).parent
PACKAGES = FOLDERS.parent.parent / "build" / "builtin"
_PROVIDING = threading.Lock()
_provided: dict[Reference, str] = {}
"""For which runner each image was pushed."""


def metric_definitions(image: str) -> list[dict[str, str]] | None:
    """Return the metrics that SageMaker itself defines for an image; None for one that it does not.

    Those are the images of its own algorithms.
    """
    try:
        found = _algorithm(Reference.parse(image))
    except ImageError:
        return None
    return _metric_definitions(found.repository) if found else None


def hyperparameter_failures(image: str, hyperparameters: Mapping[str, str]) -> list[str]:
    """Return for what values AWS's own image would fail a job, as far as its settings' rules know.

    The stand-in has only its own packages in Python, not what those rules are written with; a name
    that is unknown or missing it reports itself.
    """
    try:
        reference = Reference.parse(image)
    except ImageError:
        return []
    found = _algorithm(reference)
    if found is None or (version := _version(found, reference)) is None:
        return []
    wrong = xgboost_hyperparameters.failures(hyperparameters, version)
    return [f"Hyperparameter {each['loc'][0]}: {each['type']}" for each in wrong]


def provide(image: Reference, endpoint: str) -> None:
    """Have the registry at `endpoint` hold the stand-in, where the image is one of AWS's own.

    Raises ImageError for an image of another account that is none of these.
    """
    if image.account in (None, get_account_id()):
        return
    builtin = _algorithm(image)
    if builtin is None:
        raise ImageError(_nobodys(image))
    version = _version(builtin, image)
    if version is None:
        tags = ", ".join(builtin.tags.values())
        raise ImageError(f"image {image} does not exist; {builtin.title} has the tags {tags}")
    with _PROVIDING:
        runner = chosen()
        if not _is_there(image) or _provided.get(image) != runner:
            copy_context().run(_make_repository, image)
            _push(image, version, runner, endpoint)
            _provided[image] = runner


def _algorithm(image: Reference) -> BuiltinImage | None:
    for builtin in BUILTINS.values():
        ours = (builtin.repository, builtin.accounts.get(image.region or ""))
        if ours == (image.repository, image.account) and (FOLDERS / builtin.repository).is_dir():
            return builtin
    return None


def _version(builtin: BuiltinImage, image: Reference) -> str | None:
    return next((v for v, tag in builtin.tags.items() if tag == image.version), None)


def _nobodys(image: Reference) -> str:
    for builtin in BUILTINS.values():
        account = builtin.accounts.get(image.region or "")
        if builtin.repository == image.repository and account is not None:
            return f"image {image} does not exist: in {image.region} its account is {account}"
    known = ", ".join(sorted(path.parent.name for path in FOLDERS.glob("*/Dockerfile")))
    return (
        f"image {image} is of the account {image.account}: the embedded AWS has the images of its "
        f"own account, {get_account_id()}, and stand-ins for AWS's own {known}"
    )


@cache
def _metric_definitions(repository: str) -> list[dict[str, str]]:
    known = json.loads((FOLDERS / repository / "metrics.json").read_text())
    return [
        {
            "Name": f"{channel}:{metric}",
            "Regex": known["regex"].replace("{channel}", channel).replace("{metric}", metric),
        }
        for channel in known["channels"]
        for metric in known["metrics"]
    ]


def _is_there(image: Reference) -> bool:
    def found() -> Any:
        set_request_account_id(str(image.account))
        return ecr._find_image(image.repository, image.image_id)

    return copy_context().run(found) is not None


def _make_repository(image: Reference) -> None:
    set_request_account_id(str(image.account))
    if image.repository not in ecr._repositories:
        ecr._create_repository({"repositoryName": image.repository})


def _push(image: Reference, version: str, runner: str, endpoint: str) -> None:
    packages = PACKAGES / image.repository
    if not packages.is_dir():
        raise ImageError(f"what stands in for {image} is not there: local/install.sh builtin")
    variables = {"ALGORITHM_VERSION": version}
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "context"
        shutil.copytree(FOLDERS / image.repository, context)
        shutil.copytree(packages, context / "packages")
        if runner == "process":
            images.push(context, endpoint, image, variables)
        else:
            _build_and_push(context, image, variables, endpoint)


def _build_and_push(
    context: Path, image: Reference, variables: dict[str, str], endpoint: str
) -> None:
    registry = endpoint.partition("://")[2]
    built = f"sagestack-stand-in/{image.repository}:{image.version}"
    pushed = f"{registry}/{image.repository}:{image.version}"
    arguments = [f"--build-arg={name}={value}" for name, value in variables.items()]
    _docker("build", "--quiet", *arguments, "--tag", built, str(context))
    _docker("tag", built, pushed)
    _docker("push", "--quiet", pushed)
    _docker("rmi", pushed)  # a name only: what was built stays, for the next time


def _docker(*arguments: str) -> None:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(f"docker {arguments[0]} failed: {done.stderr.strip()}")
