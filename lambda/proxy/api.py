"""The API's routes: list the workloads, invoke one."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ConnectionClosedError

from proxy.answers import as_asked
from proxy.catalog import Catalog
from proxy.deadline import ANSWER_SECONDS, OutOfTimeError, deadline
from proxy.errors import (
    AsynchronousError,
    MethodNotAllowedError,
    NotFoundError,
    loggable,
    problem_of,
)
from proxy.formats import convert
from proxy.gateway import Request, Response
from proxy.log import log
from proxy.media import preferred, readable_content_type

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sagemaker_runtime.type_defs import (
        InvokeEndpointInputTypeDef,
        InvokeEndpointOutputTypeDef,
    )

_METHODS = {"/workloads": "GET", "/workloads/{name}/invocations": "POST"}


@dataclass(frozen=True)
class Api:
    """Answers every event; nothing that goes wrong with a request leaves it as an exception."""

    catalog: Catalog
    runtime: "SageMakerRuntimeClient"
    seconds: float = ANSWER_SECONDS  # that an answer may take

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one event of API Gateway, and log one line about it."""
        started = time.monotonic()
        request = Request.from_event(event)
        noted: dict[str, object] = {}
        try:
            with deadline(self.seconds):
                answer = self._route(request).to_event()
        except (Exception, OutOfTimeError) as error:
            problem = problem_of(error)
            noted = {"code": problem.code, **loggable(error)}
            headers = _headers_of(problem.status, request)
            answer = Response.of_json(
                problem.status, problem.body(request.request_id), **headers
            ).to_event()
        log(
            "request",
            request_id=request.request_id,
            method=request.method,
            resource=request.resource,
            workload=request.path_parameters.get("name"),
            target_variant=request.headers.get("x-target-variant"),
            bytes=len(request.content),
            status=answer["statusCode"],
            milliseconds=round((time.monotonic() - started) * 1000),
            **noted,
        )
        return answer

    def _route(self, request: Request) -> Response:
        method = _METHODS.get(request.resource)
        if method is None:
            raise NotFoundError(f"there is no path {request.resource}", list(_METHODS))
        if request.method != method:
            raise MethodNotAllowedError(f"{request.method} is not allowed here", [method])
        return self._list() if method == "GET" else self._invoke(request)

    def _list(self) -> Response:
        workloads = [workload.public() for workload in self.catalog.workloads()]
        return Response.of_json(200, {"workloads": workloads})

    def _invoke(self, request: Request) -> Response:
        variant = request.headers.get("x-target-variant")
        workload = self.catalog.find(request.path_parameters["name"], variant)
        if workload.async_input is not None:
            raise AsynchronousError(
                f"{workload.name} answers asynchronously: store the body below "
                f"{workload.async_input} and call SageMaker's InvokeEndpointAsync, see "
                "docs/serving.md",
                workload.asynchronously,
            )
        content_type = readable_content_type(request.headers.get("content-type"))
        body = convert(
            request.body(),
            content_type,
            workload.schema,
            target=workload.content_type,
            header=workload.header,
        )
        invocation: InvokeEndpointInputTypeDef = {
            "EndpointName": workload.endpoint,
            "ContentType": workload.content_type,
            "Body": body,
        }
        if accept := preferred(request.headers.get("accept")):
            invocation["Accept"] = accept
        if variant is not None:
            invocation["TargetVariant"] = variant
        answer = self._sent(invocation)
        content, answered_type = as_asked(
            answer["Body"].read(),
            answer.get("ContentType", "application/octet-stream"),
            accept,
            rows=body.count(b"\n") - workload.header,
        )
        headers = {
            "Content-Type": answered_type,
            "X-Invoked-Production-Variant": answer.get("InvokedProductionVariant", ""),
        }
        return Response(200, content, headers)

    def _sent(self, invocation: "InvokeEndpointInputTypeDef") -> "InvokeEndpointOutputTypeDef":
        try:
            return self.runtime.invoke_endpoint(**invocation)
        except ConnectionClosedError:
            # Kept from an earlier request; SageMaker closed it while Lambda had the function frozen
            return self.runtime.invoke_endpoint(**invocation)


def _headers_of(status: int, request: Request) -> dict[str, str]:
    match status:
        case 405:
            return {"Allow": _METHODS[request.resource]}
        case 429 | 503:
            return {"Retry-After": "1"}
    return {}
