"""What CreateTrainingJob takes, shows again, and refuses."""

from typing import Any

import pytest

from local.sagemaker.errors import SageMakerError
from local.sagemaker.training.request import assert_supported
from tests.local.conftest import IMAGE, Account
from tests.local.shell import train

STORED: dict[str, Any] = {
    "ExperimentConfig": {"ExperimentName": "iris", "RunName": "first"},
    "EnableInterContainerTrafficEncryption": True,
    "RetryStrategy": {"MaximumRetryAttempts": 2},
    "ProfilerConfig": {"DisableProfiler": True},
    "ResourceConfig": {
        "InstanceType": "ml.m5.large",
        "InstanceCount": 1,
        "VolumeSizeInGB": 10,
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxPendingTimeInSeconds": 7200},
}


def test_what_only_the_real_service_acts_on_is_described_as_it_was_asked_for(
    account: Account,
) -> None:
    job = train(account, "stored", "echo done > model/done", **STORED)
    assert job["TrainingJobStatus"] == "Completed"
    assert {name: job[name] for name in STORED} == STORED


def request(**change: Any) -> dict[str, Any]:
    return {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://iris/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **change,
    }


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"DebugHookConfig": {"S3OutputPath": "s3://iris/debug"}}, "DebugHookConfig"),
        ({"ProfilerConfig": {"S3OutputPath": "s3://iris/profile"}}, "ProfilerConfig"),
        ({"RemoteDebugConfig": {"EnableRemoteDebug": True}}, "RemoteDebugConfig.EnableRemoteDebug"),
        (
            {"ResourceConfig": {"InstanceType": "ml.m5.large", "KeepAlivePeriodInSeconds": 60}},
            "ResourceConfig.KeepAlivePeriodInSeconds",
        ),
        ({"ResourceConfig": {"InstanceType": "ml.m5.large"}}, "InstanceCount"),
        (
            {"AlgorithmSpecification": {"AlgorithmName": "forest", "TrainingInputMode": "File"}},
            "AlgorithmSpecification.AlgorithmName",
        ),
        (
            {
                "AlgorithmSpecification": {
                    "TrainingImage": IMAGE,
                    "TrainingInputMode": "File",
                    "TrainingImageConfig": {"TrainingRepositoryAccessMode": "Vpc"},
                }
            },
            "TrainingRepositoryAccessMode Vpc",
        ),
        (
            {"OutputDataConfig": {"S3OutputPath": "s3://iris/a", "CompressionType": "NONE"}},
            "OutputDataConfig.CompressionType",
        ),
    ],
)
def test_what_is_not_built_is_refused_and_not_ignored(change: dict[str, Any], member: str) -> None:
    with pytest.raises(SageMakerError, match="The embedded AWS does not support") as refused:
        assert_supported(request(**change))
    assert member in refused.value.message


def test_what_is_switched_off_is_not_refused() -> None:
    assert_supported(
        request(
            RemoteDebugConfig={"EnableRemoteDebug": False},
            InfraCheckConfig={"EnableInfraCheck": False},
            ProfilerConfig={"DisableProfiler": True},
            DebugRuleConfigurations=[],
        )
    )
