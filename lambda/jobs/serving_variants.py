"""The production variants that an endpoint serves at this moment, as its configuration has them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from jobs.clients import is_missing

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import ProductionVariantOutputTypeDef

# An endpoint in one of these answers nobody. In any other its configuration is the one it serves:
# an update shows the new one only when it has succeeded.
_SERVES_NOTHING = frozenset({"Creating", "Deleting", "Failed", "OutOfService"})


def serving_variants(
    endpoint: str, sagemaker: "SageMakerClient"
) -> "Sequence[ProductionVariantOutputTypeDef]":
    """Describe them; none where there is no endpoint, or one that answers nobody."""
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if is_missing(error):
            return []
        raise
    if described["EndpointStatus"] in _SERVES_NOTHING:
        return []
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    return config["ProductionVariants"]
