"""Lifecycle configurations of notebook instances: plain records, whose scripts nothing runs."""

from local.sagemaker import records, tags
from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.records import LOCK, Record, arn
from local.sagemaker.validation import now

_NAME = "NotebookInstanceLifecycleConfigName"
_ARN = "NotebookInstanceLifecycleConfigArn"
_WORDS = "Notebook Instance Lifecycle Config"


def create(request: Record) -> Record:
    """CreateNotebookInstanceLifecycleConfig."""
    name = request[_NAME]
    config_arn = arn("notebook-instance-lifecycle-config", name)
    with LOCK:
        if name in records.lifecycle_configs:
            raise _error("create", config_arn, f"{_WORDS} already exists.")
        time = now()
        records.lifecycle_configs[name] = {
            _NAME: name,
            _ARN: config_arn,
            **_scripts(request),
            "CreationTime": time,
            "LastModifiedTime": time,
        }
        tags.put(config_arn, request.get("Tags", []))
    return {_ARN: config_arn}


def describe(request: Record) -> Record:
    """DescribeNotebookInstanceLifecycleConfig."""
    return dict(find(request[_NAME], "describe"))


def update(request: Record) -> Record:
    """UpdateNotebookInstanceLifecycleConfig: what is not given is removed."""
    with LOCK:
        config = find(request[_NAME], "update")
        for hook in ("OnCreate", "OnStart"):
            config.pop(hook, None)
        config.update(_scripts(request), LastModifiedTime=now())
    return {}


def delete(request: Record) -> Record:
    """DeleteNotebookInstanceLifecycleConfig."""
    config = find(request[_NAME], "delete")
    records.lifecycle_configs.pop(config[_NAME], None)
    tags.forget(config[_ARN])
    return {}


def list_configs(request: Record) -> Record:
    """ListNotebookInstanceLifecycleConfigs."""
    found, rest = records.page(
        records.lifecycle_configs.values(), request, _NAME, key="CreationTime"
    )
    columns = (_NAME, _ARN, "CreationTime", "LastModifiedTime")
    listed = [{column: config[column] for column in columns} for config in found]
    return {"NotebookInstanceLifecycleConfigs": listed, **rest}


def find(name: str, verb: str) -> Record:
    """Return a configuration's record. Raises SageMakerError, about not being able to `verb`."""
    config: Record | None = records.lifecycle_configs.get(name)
    if config is None:
        config_arn = arn("notebook-instance-lifecycle-config", name)
        raise _error(verb, config_arn, f"{_WORDS} does not exist.")
    return config


def _scripts(request: Record) -> Record:
    return {hook: request[hook] for hook in ("OnCreate", "OnStart") if hook in request}


def _error(verb: str, config_arn: str, details: str) -> SageMakerError:
    return invalid(f"Unable to {verb} {_WORDS} '{config_arn}'. (Details: {details})")
