"""ECR's DescribeImages of an image that is not there."""

from typing import Any

from ministack.core.responses import error_response_json, get_account_id
from ministack.services import ecr


def apply() -> None:
    """Wrap the operation."""
    describe = ecr._describe_images

    # MiniStack answers an empty list, which the CDK CLI takes for "published": it would never push.
    def describe_images(data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        if name in ecr._repositories:
            for image in data.get("imageIds") or ():
                if ecr._find_image(name, image) is None:
                    shown = ", ".join(f"{key}:'{value}'" for key, value in sorted(image.items()))
                    return error_response_json(
                        "ImageNotFoundException",
                        f"The image with imageId {{{shown}}} does not exist within the repository "
                        f"with name '{name}' in the registry with id '{get_account_id()}'",
                        400,
                    )
        return describe(data)

    ecr._describe_images = describe_images
