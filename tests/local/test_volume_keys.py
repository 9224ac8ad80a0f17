"""A volume's key: it is there, it is enabled, the role may grant it, and the disk takes one."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Account
from tests.local.endpoints import configure_with, serve_with
from tests.local.policies import LOG, READ, WRITE, allow_job

NOWHERE = "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-0000-0000-000000000000"


def key(account: Account) -> str:
    return str(account.aws.client("kms").create_key()["KeyMetadata"]["Arn"])


def disabled(account: Account) -> str:
    made = key(account)
    account.aws.client("kms").disable_key(KeyId=made)
    return made


def training(account: Account, name: str, key_id: str, instance: str = "ml.m5.large") -> Any:
    resources = {"InstanceType": instance, "InstanceCount": 1, "VolumeSizeInGB": 10}
    return account.job(name, ResourceConfig={**resources, "VolumeKmsKeyId": key_id})


def test_a_job_and_an_endpoint_keep_the_key_that_they_were_given(account: Account) -> None:
    ours = key(account)
    account.sagemaker.create_training_job(**training(account, "sealed", ours))
    assert account.ended("sealed")["ResourceConfig"]["VolumeKmsKeyId"] == ours
    assert serve_with(account, "sealed", KmsKeyId=ours)["EndpointStatus"] == "InService"
    config = account.sagemaker.describe_endpoint_config(EndpointConfigName="sealed")
    assert config["KmsKeyId"] == ours


def test_a_key_that_is_not_there_is_refused(account: Account) -> None:
    with pytest.raises(ClientError, match=f"Key '{NOWHERE}' does not exist"):
        account.sagemaker.create_training_job(**training(account, "unsealed", NOWHERE))
    with pytest.raises(ClientError, match=f"Key '{NOWHERE}' does not exist"):
        configure_with(account, "unsealed", {"only": "Hello"}, KmsKeyId=NOWHERE)


def test_a_key_that_is_disabled_is_refused(account: Account) -> None:
    ours = disabled(account)
    with pytest.raises(ClientError, match=f"{ours} is Disabled"):
        account.sagemaker.create_training_job(**training(account, "unsealed", ours))
    with pytest.raises(ClientError, match=f"{ours} is Disabled"):
        configure_with(account, "disabled", {"only": "Hello"}, KmsKeyId=ours)


def test_a_key_is_refused_for_a_disk_of_the_instances_own(account: Account) -> None:
    ours = key(account)
    refused = "KMS key is not supported for NVMe instance storage, which ml.g5.xlarge has"
    with pytest.raises(ClientError, match=refused):
        account.sagemaker.create_training_job(
            **training(account, "unsealed", ours, instance="ml.g5.xlarge")
        )
    account.configure("mixed-plain", a="Hello", b="Hi")
    plain = account.sagemaker.describe_endpoint_config(EndpointConfigName="mixed-plain")
    variants = plain["ProductionVariants"]
    variants[1]["InstanceType"] = "ml.g5.xlarge"
    create = account.sagemaker.create_endpoint_config
    with pytest.raises(ClientError, match=refused):
        create(EndpointConfigName="mixed", ProductionVariants=variants, KmsKeyId=ours)
    create(EndpointConfigName="mixed", ProductionVariants=variants)


def test_a_role_that_may_not_grant_the_key_neither_trains_nor_serves(guarded: Account) -> None:
    ours = key(guarded)
    serve = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    grant = {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": ours}
    allow_job(guarded, *READ, WRITE, LOG, serve)
    with pytest.raises(ClientError, match="kms:CreateGrant"):
        guarded.sagemaker.create_training_job(**training(guarded, "sealed", ours))
    configure_with(guarded, "sealed", {"only": "Hello"}, KmsKeyId=ours)
    with pytest.raises(ClientError, match="kms:CreateGrant"):
        guarded.sagemaker.create_endpoint(EndpointName="sealed", EndpointConfigName="sealed")
    allow_job(guarded, *READ, WRITE, LOG, serve, grant)
    guarded.sagemaker.create_training_job(**training(guarded, "sealed", ours))
    assert guarded.ended("sealed")["TrainingJobStatus"] == "Completed"
    guarded.sagemaker.create_endpoint(EndpointName="sealed", EndpointConfigName="sealed")
    assert guarded.endpoint("sealed")["EndpointStatus"] == "InService"
    assert guarded.aws.client("kms").list_grants(KeyId=ours)["Grants"] == []
