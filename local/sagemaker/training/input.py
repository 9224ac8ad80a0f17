"""What a training program finds in /opt/ml before it runs, besides its data."""

import json
from collections.abc import Sequence
from pathlib import Path

from local.sagemaker.records import Record
from local.sagemaker.training import channels, checkpoints

GROUP = "homogeneousCluster"
"""The one instance group of a job that names none."""


def write(
    base_dir: Path, record: Record, hosts: Sequence[str], number: int, interface: str
) -> None:
    """Make the folders and the files of input/config for host `number` of a job's hosts."""
    config = base_dir / "input" / "config"
    config.mkdir(parents=True)
    for folder in ("input/data", "model", "output"):  # output/data is not promised by SageMaker
        (base_dir / folder).mkdir()
    instance_type = record["ResourceConfig"]["InstanceType"]
    group = {
        "instance_group_name": GROUP,
        "instance_type": instance_type,
        "hosts": hosts,
    }
    resources = {
        "current_host": hosts[number],
        "current_instance_type": instance_type,
        "current_group_name": GROUP,
        "hosts": hosts,
        "instance_groups": [group],
        "network_interface_name": interface,
    }
    mode = record["AlgorithmSpecification"]["TrainingInputMode"]
    kept = {"LocalPath": checkpoints.DEFAULT_PATH, **record.get("CheckpointConfig", {})}
    for name, content in (
        *([("checkpointconfig", kept)] if "CheckpointConfig" in record else []),
        ("hyperparameters", record["HyperParameters"]),
        ("inputdataconfig", channels.described(record.get("InputDataConfig", []), mode)),
        ("resourceconfig", resources),
    ):
        (config / f"{name}.json").write_text(json.dumps(content))
