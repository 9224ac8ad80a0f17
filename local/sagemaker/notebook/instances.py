"""Notebook instances: records that go through SageMaker's states. Nothing runs behind one."""

import secrets
import time
from collections.abc import Callable

from ministack.core.concurrency import spawn_background
from ministack.core.responses import get_region

from local.sagemaker import network, records, tags
from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.notebook import lifecycle
from local.sagemaker.records import LOCK, Record, arn
from local.sagemaker.roles import assert_assumable
from local.sagemaker.validation import now

_NAME = "NotebookInstanceName"
_ARN = "NotebookInstanceArn"
_STATUS = "NotebookInstanceStatus"
_CONFIG = "NotebookInstanceLifecycleConfigName"

TRANSITION_SECONDS = 0.2
"""What takes AWS minutes; long enough for a client to see it."""

_DEFAULTS = {
    "DirectInternetAccess": "Enabled",
    "RootAccess": "Enabled",
    "VolumeSizeInGB": 5,
    "PlatformIdentifier": "notebook-al2023-v1",
    "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "1"},
}
_RENAMED = {"LifecycleConfigName": _CONFIG, "SecurityGroupIds": "SecurityGroups"}
"""Members that the description calls differently."""
_SUMMARY = (
    *(_NAME, _ARN, _STATUS, _CONFIG, "Url", "InstanceType", "CreationTime", "LastModifiedTime"),
    *("DefaultCodeRepository", "AdditionalCodeRepositories"),
)
_REMOVED_BY = {
    "DisassociateLifecycleConfig": _CONFIG,
    "DisassociateAcceleratorTypes": "AcceleratorTypes",
    "DisassociateDefaultCodeRepository": "DefaultCodeRepository",
    "DisassociateAdditionalCodeRepositories": "AdditionalCodeRepositories",
}


def create(request: Record) -> Record:
    """CreateNotebookInstance."""
    name = request[_NAME]
    notebook_arn = arn("notebook-instance", name)
    _assert_usable(request)
    _assert_network(request)
    with LOCK:
        if name in records.notebook_instances:
            raise invalid(f"Cannot create a duplicate Notebook Instance ({notebook_arn})")
        created = now()
        notebook = {
            **_DEFAULTS,
            **_described(request),
            _ARN: notebook_arn,
            "Url": f"{name.lower()}.notebook.{get_region()}.sagemaker.aws",
            "CreationTime": created,
            "LastModifiedTime": created,
        }
        if "SubnetId" in request:
            notebook["NetworkInterfaceId"] = f"eni-0{secrets.token_hex(8)}"
        records.notebook_instances[name] = notebook
        tags.put(notebook_arn, request.get("Tags", []))
        _go(notebook, "Pending", "InService")
    return {_ARN: notebook_arn}


def describe(request: Record) -> Record:
    """DescribeNotebookInstance."""
    return dict(find(request[_NAME]))


def list_instances(request: Record) -> Record:
    """ListNotebookInstances."""
    notebooks = [
        notebook
        for notebook in records.notebook_instances.values()
        if request.get("NotebookInstanceLifecycleConfigNameContains", "")
        in notebook.get(_CONFIG, "")
    ]
    found, rest = records.page(notebooks, request, _NAME, _STATUS, key="Name")
    listed = [{c: notebook[c] for c in _SUMMARY if c in notebook} for notebook in found]
    return {"NotebookInstances": listed, **rest}


def start(request: Record) -> Record:
    """StartNotebookInstance."""
    with LOCK:
        notebook = _in_status(request, ("Stopped", "Failed"), "Pending")
        _go(notebook, "Pending", "InService")
    return {}


def stop(request: Record) -> Record:
    """StopNotebookInstance."""
    with LOCK:
        notebook = _in_status(request, ("InService",), "Stopping")
        _go(notebook, "Stopping", "Stopped")
    return {}


def update(request: Record) -> Record:
    """UpdateNotebookInstance: of a stopped one, which stays stopped."""
    _assert_usable(request)
    with LOCK:
        notebook = _in_status(request, ("Stopped", "Failed"), "Updating")
        if request.get("VolumeSizeInGB", notebook["VolumeSizeInGB"]) < notebook["VolumeSizeInGB"]:
            raise invalid("The volume of a Notebook Instance cannot become smaller")
        for switch, member in _REMOVED_BY.items():
            if request.get(switch):
                notebook.pop(member, None)
        change = {name: value for name, value in request.items() if name not in _REMOVED_BY}
        notebook.update(_described(change))
        _go(notebook, "Updating", "Stopped")
    return {}


def delete(request: Record) -> Record:
    """DeleteNotebookInstance, of a stopped one."""
    with LOCK:
        notebook = _in_status(request, ("Stopped", "Failed"), "Deleting")

        def forget() -> None:
            records.notebook_instances.pop(notebook[_NAME], None)
            tags.forget(notebook[_ARN])

        _go(notebook, "Deleting", then=forget)
    return {}


def create_presigned_url(request: Record) -> Record:
    """CreatePresignedNotebookInstanceUrl; nothing answers there."""
    notebook = find(request[_NAME])
    if notebook[_STATUS] != "InService":
        raise invalid(
            f"Status ({notebook[_STATUS]}) not in ([InService]). Unable to create a URL of "
            f"Notebook Instance ({notebook[_ARN]})."
        )
    return {"AuthorizedUrl": f"https://{notebook['Url']}?authToken={secrets.token_hex(32)}"}


def find(name: str) -> Record:
    """Return a notebook instance's record. Raises SageMakerError."""
    notebook: Record | None = records.notebook_instances.get(name)
    if notebook is None:
        raise SageMakerError("ValidationException", "RecordNotFound")
    return notebook


def _in_status(request: Record, statuses: tuple[str, ...], to: str) -> Record:
    notebook = find(request[_NAME])
    if notebook[_STATUS] not in statuses:
        raise invalid(
            f"Status ({notebook[_STATUS]}) not in ([{', '.join(statuses)}]). Unable to transition "
            f"to ({to}) for Notebook Instance ({notebook[_ARN]})."
        )
    return notebook


def _go(
    notebook: Record, through: str, to: str = "", then: Callable[[], None] | None = None
) -> None:
    """Enter a status, and another or do something a moment later."""
    notebook.update({_STATUS: through, "LastModifiedTime": now()})

    def arrive() -> None:
        time.sleep(TRANSITION_SECONDS)
        with LOCK:
            if records.notebook_instances.get(notebook[_NAME]) is not notebook:
                return  # reset meanwhile
            if then is not None:
                then()
            else:
                notebook.update({_STATUS: to, "LastModifiedTime": now()})

    spawn_background(arrive, thread_name=f"notebook {through}")


def _described(request: Record) -> Record:
    return {
        _RENAMED.get(name, name): value
        for name, value in request.items()
        if name != "Tags" and value is not None
    }


def _assert_usable(request: Record) -> None:
    """Raise SageMakerError unless the role and the lifecycle configuration can be used."""
    if "RoleArn" in request:
        assert_assumable(request["RoleArn"])
    if config := request.get("LifecycleConfigName"):
        lifecycle.find(config, "use")


def _assert_network(request: Record) -> None:
    subnet = request.get("SubnetId")
    if subnet is None and request.get("DirectInternetAccess") == "Disabled":
        raise invalid("DirectInternetAccess can be Disabled only with a SubnetId")
    network.assert_there([subnet] if subnet else [], request.get("SecurityGroupIds", []))
