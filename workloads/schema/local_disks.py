"""Which instances have a disk of their own, whose key nobody can choose.

Such a disk is encrypted by the instance's hardware, and SageMaker refuses a key for it:
VolumeKmsKeyId of jobs, KmsKeyId of endpoint configurations.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

import re

# EC2's "Instance store volumes", as far as SageMaker has them: the families with a "d" after the
# generation, dl1, and the later ones with accelerators.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
_LOCAL_DISK = re.compile(
    r"ml\.([a-z]+[0-9]+[a-z]*d[a-z]*|dl1|g[5-9][a-z]*|p[5-9][a-z0-9-]*|trn[0-9][a-z]*)\."
)


def takes_key(instance_type: str) -> bool:
    """Whether the volume of such an instance can be encrypted with a key of KMS."""
    return _LOCAL_DISK.match(instance_type) is None
