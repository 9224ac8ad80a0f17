"""The key of a volume: one that is there, which the role may grant, and of a volume that takes one.

EC2 uses the key by a grant, which SageMaker makes in the role's name:
https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html. That it refuses a
key for a disk of the instance's own is documented, and in which words is reported:
https://github.com/aws/sagemaker-python-sdk/issues/3677.
"""

from collections.abc import Iterable

from botocore.exceptions import ClientError
from ministack.services import kms

from local.sagemaker.errors import invalid
from local.sagemaker.roles import RoleSession
from workloads.schema.local_disks import takes_key

_GRANTED = ("CreateGrant", "Decrypt", "GenerateDataKeyWithoutPlaintext")


def assert_taken(key_id: str | None, instance_types: Iterable[str]) -> None:
    """Raise SageMakerError unless the key is there, and all of these instances take one."""
    if key_id is None:
        return
    for instance_type in instance_types:
        if not takes_key(instance_type):
            raise invalid(
                f"KMS key is not supported for NVMe instance storage, which {instance_type} has"
            )
    key = kms._resolve_key(key_id)
    if key is None:
        raise invalid(f"Key '{key_id}' does not exist")
    if key["KeyState"] != "Enabled":
        raise invalid(f"{key['Arn']} is {key['KeyState']}.")


def assert_granted(key_id: str | None, role: RoleSession, role_arn: str) -> None:
    """Raise SageMakerError unless the role may grant the use of the key; none is granted here."""
    if key_id is None:
        return
    try:
        role.client("kms").create_grant(
            KeyId=key_id, GranteePrincipal=role_arn, Operations=list(_GRANTED), DryRun=True
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "DryRunOperationException":
            raise invalid(
                f"{role_arn} cannot grant the use of {key_id}, with which the volume is to be "
                f"encrypted: {error}"
            ) from error
