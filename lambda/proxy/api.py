"""The API's routes: what is there, a prediction, one that is fetched later, the document."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxy import routes
from proxy.catalog import Catalog
from proxy.clients import Clients
from proxy.deadline import ANSWER_SECONDS, OutOfTimeError, deadline
from proxy.errors import MethodNotAllowedError, NotFoundError, loggable, problem_of
from proxy.gateway import Request, Response
from proxy.invocation import Invocation
from proxy.log import log

if TYPE_CHECKING:
    from proxy.asynchronous import Asynchronous


@dataclass(frozen=True)
class Api:
    """Answers every event; nothing that goes wrong with a request leaves it as an exception."""

    catalog: Catalog
    clients: Clients
    authentication: str = "iam"  # how callers prove who they are, for the document
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
            target_variant=request.path_parameters.get("variant"),
            bytes=len(request.content),
            status=answer["statusCode"],
            milliseconds=round((time.monotonic() - started) * 1000),
            **noted,
        )
        return answer

    def _route(self, request: Request) -> Response:
        method = routes.METHODS.get(request.resource)
        if method is None:
            raise NotFoundError(f"there is no path {request.resource}", routes.METHODS)
        if request.method != method:
            raise MethodNotAllowedError(f"{request.method} is not allowed here", [method])
        match request.resource:
            case routes.LIST:
                workloads = [workload.public() for workload in self.catalog.workloads()]
                return Response.of_json(200, {"workloads": workloads})
            case routes.DOCUMENT:
                return self._document()
        variant = request.path_parameters.get("variant")
        workload = self.catalog.find(request.path_parameters["name"], variant)
        match request.resource:
            case routes.EXPLAIN:
                return Response.of_json(200, workload.public())
            case routes.INVOKE_ASYNC:
                return self._later().ask(request, workload)
            case routes.ASYNC_ANSWER:
                return self._later().answer(request, workload, request.path_parameters["id"])
        return Invocation(self.clients.runtime).answer(request, workload, variant)

    def _document(self) -> Response:
        # here, as hardly a request asks for it
        from proxy.openapi import document  # noqa: PLC0415

        return Response.of_json(200, document(self.catalog.workloads(), self.authentication))

    def _later(self) -> "Asynchronous":
        # here, as few workloads answer later
        from proxy.asynchronous import Asynchronous  # noqa: PLC0415

        return Asynchronous(self.clients.runtime, self.clients.s3())


def _headers_of(status: int, request: Request) -> dict[str, str]:
    match status:
        case 405:
            return {"Allow": routes.METHODS[request.resource]}
        case 429 | 503:
            return {"Retry-After": "1"}
    return {}
