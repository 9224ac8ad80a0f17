"""ECR's answers about images that are not there, and registries of other accounts."""

from contextvars import copy_context
from typing import Any

from ministack.core.responses import (
    error_response_json,
    get_account_id,
    set_request_account_id,
    set_request_region,
)
from ministack.services import ecr


def apply() -> None:
    """Wrap the operations."""
    _describe_what_is_there()
    _know_registries()


def _describe_what_is_there() -> None:
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


def _know_registries() -> None:
    batch_get = ecr._batch_get_image
    select_scope = ecr._select_registry_request_scope

    # MiniStack looks in the caller's own registry, whatever registryId says.
    def batch_get_image(data: dict[str, Any]) -> Any:
        def got() -> Any:
            if registry := data.get("registryId"):
                set_request_account_id(registry)
            return batch_get(data)

        return copy_context().run(got)

    # Docker and our runner ask the one registry that this machine has, and name no account: what
    # only another account has, which are AWS's own images, is meant to be found there.
    def select_registry_request_scope(name: str, headers: Any, query_params: Any) -> None:
        select_scope(name, headers, query_params)
        if name and name not in ecr._repositories:
            for (account, region, repository), _ in ecr._repositories.all_items():
                if repository == name:
                    set_request_account_id(account)
                    set_request_region(region)

    ecr._batch_get_image = batch_get_image
    ecr._select_registry_request_scope = select_registry_request_scope
