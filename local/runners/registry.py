"""Where an image is looked up: in ECR, with the rights of who asks for it."""

from typing import Any

from local import builtin
from local.runners.images import Reference


def find(image: str, ecr: Any, endpoint: str) -> dict[str, Any] | None:
    """Return what ECR's BatchGetImage says of an image; None if there is no such one.

    `ecr` is a client with the role that is to pull it. Raises ImageError for what is no image, or
    is of another account and none of AWS's own.
    """
    reference = Reference.parse(image)
    builtin.provide(reference, endpoint)
    registry = {"registryId": reference.account} if reference.account else {}
    try:
        answer = ecr.batch_get_image(
            repositoryName=reference.repository, imageIds=[reference.image_id], **registry
        )
    except ecr.exceptions.RepositoryNotFoundException:
        return None
    found: list[dict[str, Any]] = answer["images"]
    return found[0] if found else None
