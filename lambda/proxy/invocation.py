"""An invocation that is answered at once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ConnectionClosedError

from proxy.answers import Answer, rendered
from proxy.assignment import STICKY_HEADER, sticky_variant, variant_by_weight
from proxy.catalog import Workload
from proxy.errors import AsynchronousError
from proxy.formats import MAX_BYTES, MAX_SERVERLESS_BYTES, Part, convert
from proxy.gateway import Request, Response
from proxy.media import WRITABLE, preferred, readable_content_type

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sagemaker_runtime.type_defs import (
        InvokeEndpointInputTypeDef,
        InvokeEndpointOutputTypeDef,
    )


@dataclass(frozen=True)
class Invocation:
    """Asks an endpoint, in as many parts as it takes, and joins the answers."""

    runtime: "SageMakerRuntimeClient"

    def answer(self, request: Request, workload: Workload, variant: str | None) -> Response:
        """Ask the variant, or one that the sticky key or the weights choose."""
        if workload.kind == "asynchronous":
            route = f"POST {workload.routes['invoke_async']}"
            raise AsynchronousError(
                f"{workload.name} answers later: ask by {route}, which says where the answer will "
                "be",
                [route],
            )
        accept = preferred(request.headers.get("accept"))
        content_type = readable_content_type(request.headers.get("content-type"))
        sticky = request.headers.get(STICKY_HEADER.lower())
        if variant is None and sticky is not None:
            chosen = sticky_variant(sticky, workload.name, workload.variants)
            # the only one need not be named, beside which there may be a shadow variant
            variant = chosen if len(workload.variants) > 1 else None
        parts = convert(
            request.body(),
            content_type,
            workload.schema,
            target=workload.content_type,
            header=workload.header,
            most=MAX_SERVERLESS_BYTES if workload.kind == "serverless" else MAX_BYTES,
        )
        if variant is None and len(parts) > 1 and len(workload.variants) > 1:
            variant = variant_by_weight(workload.variants)
        answers = []
        answered_by = ""
        for part in parts:
            answer = self._asked(_invocation(workload, part, accept, variant))
            answered_by = answer.get("InvokedProductionVariant", "")
            answers.append(
                Answer(
                    answer["Body"].read(),
                    answer.get("ContentType", "application/octet-stream"),
                    part.rows,
                )
            )
        told = {
            "variant": answered_by,
            "model_version": workload.version_of(answered_by),
            "request_id": request.request_id,
        }
        return Response(200, rendered(accept, answers, told), headers_of(accept, told))

    def _asked(self, invocation: "InvokeEndpointInputTypeDef") -> "InvokeEndpointOutputTypeDef":
        try:
            return self._sent(invocation)
        except ClientError as error:
            if error.response.get("OriginalStatusCode") != 406:
                raise
            # the container does not write this one of the two formats: we do, from the other
            (other,) = {*WRITABLE} - {invocation["Accept"]}
            return self._sent({**invocation, "Accept": other})

    def _sent(self, invocation: "InvokeEndpointInputTypeDef") -> "InvokeEndpointOutputTypeDef":
        try:
            return self.runtime.invoke_endpoint(**invocation)
        except ConnectionClosedError:
            # Kept from an earlier request; SageMaker closed it while Lambda had the function frozen
            return self.runtime.invoke_endpoint(**invocation)


def headers_of(accept: str, told: dict[str, str]) -> dict[str, str]:
    """Say in headers what JSON has in its members, as CSV has no place for it."""
    return {
        "Content-Type": accept,
        "X-Invoked-Production-Variant": told["variant"],
        "X-Model-Version": told["model_version"],
        "X-Request-Id": told["request_id"],
    }


def _invocation(
    workload: Workload, part: Part, accept: str, variant: str | None
) -> "InvokeEndpointInputTypeDef":
    asked: InvokeEndpointInputTypeDef = {
        "EndpointName": workload.endpoint,
        "ContentType": workload.content_type,
        "Accept": accept,
        "Body": part.content,
    }
    if variant is not None:
        asked["TargetVariant"] = variant
    return asked
