"""Whatever takes a key of KMS has the app's, in every template and every request of SageMaker.

Where SageMaker takes one is read from its API: whatever it gets to know of later fails here.
"""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, Shape, StructureShape

from tests.stacks.conftest import SERVERLESS, Synth

LOCAL_DISKS = "sagestack-local-disks"
JOBS = ("TrainingJob", "HyperParameterTuningJob", "ProcessingJob", "TransformJob")
WITHOUT = {
    (LOCAL_DISKS, "TrainingJob.ResourceConfig.VolumeKmsKeyId"),
    (LOCAL_DISKS, "ProcessingJob.ProcessingResources.ClusterConfig.VolumeKmsKeyId"),
    (LOCAL_DISKS, "TransformJob.TransformResources.VolumeKmsKeyId"),
    (LOCAL_DISKS, "EndpointConfig.KmsKeyId"),  # one key for all variants, or none
    (SERVERLESS, "EndpointConfig.KmsKeyId"),  # no machine, and so no volume
}
"""What SageMaker would refuse a key for."""
OTHERS = {
    "AWS::EC2::Volume": "KmsKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::SageMaker::NotebookInstance": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
}
"""Other resources that keep what jobs, models or users say."""


def _keys(shape: Shape, request: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each key that a request could name, and what it names."""
    if isinstance(shape, StructureShape) and isinstance(request, dict):
        for name, member in shape.members.items():
            if name in ("KmsKeyId", "VolumeKmsKeyId"):
                yield f"{path}.{name}", request.get(name)
            elif name in request:
                yield from _keys(member, request[name], f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for item in request:
            yield from _keys(shape.member, item, f"{path}[]")


def _requests(synth: Synth) -> Iterator[tuple[str, str, Any]]:
    """Each request of SageMaker in the templates, with its stack and the kind of what it makes."""
    for path in sorted(synth.assembly.glob("*.template.json")):
        stack = path.name.removesuffix(".template.json")
        for resource in synth.template(stack)["Resources"].values():
            kind = resource["Type"].rpartition("::")[2].removeprefix("SageMaker")
            if kind in JOBS:
                yield stack, kind, resource["Properties"][f"Create{kind}Request"]
            elif resource["Type"] == "AWS::SageMaker::EndpointConfig":
                yield stack, kind, resource["Properties"]


def _is_ours(key: Any) -> bool:
    match key:
        case {"Fn::ImportValue": str(name)} | {"Fn::GetAtt": [str(name), "Arn"]}:
            return "StorageKey" in name
        case _:
            return False


@pytest.mark.parametrize("kind", [*JOBS, "EndpointConfig"])
def test_sagemaker_is_told_the_apps_key_wherever_it_takes_one(synth: Synth, kind: str) -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape = model.operation_model(f"Create{kind}").input_shape
    assert shape is not None
    found = [
        (stack, path, key)
        for stack, of, request in _requests(synth)
        if of == kind
        for path, key in _keys(shape, request, kind)
    ]
    assert {(stack, path) for stack, path, key in found if not _is_ours(key)} == {
        (stack, path) for stack, path in WITHOUT if path.startswith(f"{kind}.")
    }
    assert [path for _, path, key in found if _is_ours(key)]
    assert [path for _, path, key in found if key is not None and not _is_ours(key)] == []


def test_whatever_else_keeps_data_or_lines_has_a_key_of_the_app(synth: Synth) -> None:
    without = []
    for kind, member in OTHERS.items():
        assert synth.resources(kind)
        for path in sorted(synth.assembly.glob("*.template.json")):
            stack = path.name.removesuffix(".template.json")
            for logical_id, resource in synth.template(stack)["Resources"].items():
                key = resource.get("Properties", {}).get(member)
                if resource["Type"] == kind and not (key and "Key" in str(key)):
                    without.append((stack.partition("-")[0], kind, logical_id[:30]))
    # the stack of the assets comes before the one with the key; its function empties repositories
    assert {(stack, kind) for stack, kind, _ in without} == {
        ("StagingStack", "AWS::Logs::LogGroup")
    }
    assert len(without) <= 2


def test_the_key_lets_cloudwatch_logs_use_it_for_the_groups_of_this_app(synth: Synth) -> None:
    (key,) = synth.resources("AWS::KMS::Key", "sagestack-shared")
    (logs,) = (
        statement
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "Service" in statement["Principal"]
    )
    assert logs["Effect"] == "Allow"
    groups = [
        "".join(part if isinstance(part, str) else "?" for part in group["Fn::Join"][1])
        for group in logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    ]
    assert groups == [
        "arn:?:logs:?:?:log-group:sagestack-*",
        "arn:?:logs:?:?:log-group:/aws/sagemaker/Endpoints/sagestack-*",
        "arn:?:logs:?:?:log-group:API-Gateway-Execution-Logs_*",
    ]


def test_every_log_group_has_a_name_that_the_key_knows(synth: Synth) -> None:
    for group in synth.resources("AWS::Logs::LogGroup"):
        name = group["Properties"].get("LogGroupName")  # CloudFormation's begins with the stack's
        if isinstance(name, dict):
            name = name["Fn::Join"][1][0]
        assert name is None or name.startswith(
            ("/aws/sagemaker/Endpoints/sagestack-", "API-Gateway-Execution-Logs_")
        )
