"""An invocation that is answered later: the request and the answer are objects in S3.

The proxy keeps a record of each of its requests, by an id of its own, as SageMaker says where an
answer will be only when it takes the request.
https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-invoke-endpoint.html
"""

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from proxy.answers import Answer, rendered
from proxy.catalog import Workload
from proxy.errors import (
    AnswerTooLargeError,
    ModelFailedError,
    NotFoundError,
    SynchronousError,
    model_text,
)
from proxy.formats import convert
from proxy.gateway import Request, Response
from proxy.invocation import headers_of
from proxy.media import CSV, JSON, MediaType, preferred, readable_content_type

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

ID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_ID = re.compile(ID_PATTERN)
_SECONDS = "5"
"""After so many it is worth while to ask again."""


@dataclass(frozen=True)
class Asynchronous:
    """Takes requests that are answered later, and fetches the answers."""

    runtime: "SageMakerRuntimeClient"
    s3: "S3Client"

    def ask(self, request: Request, workload: Workload) -> Response:
        """Store the request, hand it to SageMaker, and say where its answer will be."""
        folder = _folder(workload)
        accept = preferred(request.headers.get("accept"))
        content_type = readable_content_type(request.headers.get("content-type"))
        # one part: an endpoint that answers later takes 1 GB
        (part,) = convert(
            request.body(),
            content_type,
            workload.schema,
            target=workload.content_type,
            header=workload.header,
            most=None,
        )
        number = str(uuid.uuid4())  # of the kernel's random numbers: who has it may have the answer
        place = f"{folder}/input/api/{number}"
        self._put(place, part.content, workload.content_type)
        taken = self.runtime.invoke_endpoint_async(
            EndpointName=workload.endpoint,
            ContentType=workload.content_type,
            Accept=accept,
            InputLocation=place,
            InferenceId=number,
        )
        variant = workload.variants[0]  # there is no other
        record = {
            "output": taken["OutputLocation"],
            "failure": taken["FailureLocation"],
            "accept": accept,
            "rows": part.rows,
            "variant": variant.name,
            "model_version": variant.model_version,
        }
        self._put(_record(folder, number), json.dumps(record).encode(), JSON)
        path = f"{workload.routes['invoke_async']}/{number}"
        return Response.of_json(202, _waiting(number), Location=path, **{"Retry-After": _SECONDS})

    def answer(self, request: Request, workload: Workload, number: str) -> Response:
        """Return the answer, or that there is none yet; raises ModelFailedError for a failure."""
        folder = _folder(workload)
        unknown = NotFoundError(f"{workload.name} was not asked anything of this id")
        if not _ID.fullmatch(number):  # before it becomes a part of a key
            raise unknown
        stored = self._get(_record(folder, number))
        if stored is None:
            raise unknown
        record = json.loads(stored[0])
        found = self._get(record["output"])
        if found is not None:
            return _answered(request, record, *found)
        failure = self._get(record["failure"])
        if failure is not None:
            text = model_text(failure[0].decode(errors="replace"))
            raise ModelFailedError(f"the model failed: {text}")
        return Response.of_json(202, _waiting(number), **{"Retry-After": _SECONDS})

    def _put(self, uri: str, content: bytes, content_type: str) -> None:
        bucket, key = _split(uri)
        self.s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)

    def _get(self, uri: str) -> tuple[bytes, str] | None:
        bucket, key = _split(uri)
        try:
            found = self.s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return found["Body"].read(), found.get("ContentType", "")


def _folder(workload: Workload) -> str:
    if workload.async_folder is None:
        route = f"POST {workload.routes['invoke']}"
        raise SynchronousError(f"{workload.name} answers at once: ask by {route}", [route])
    return workload.async_folder


def _record(folder: str, number: str) -> str:
    return f"{folder}/requests/{number}.json"


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _waiting(number: str) -> dict[str, str]:
    return {"id": number, "status": "in_progress"}


def _answered(
    request: Request, record: dict[str, Any], content: bytes, content_type: str
) -> Response:
    accept = record["accept"]
    told = {
        "variant": record["variant"],
        "model_version": record["model_version"],
        "request_id": request.request_id,
    }
    # what kind of object SageMaker stores is not said anywhere: what was asked is what it should be
    known = MediaType.parse(content_type).name in (CSV, JSON)
    answer = Answer(content, content_type if known else accept, record["rows"])
    response = Response(200, rendered(accept, [answer], told), headers_of(accept, told))
    try:
        response.to_event()
    except AnswerTooLargeError as error:
        raise AnswerTooLargeError(
            f"the answer is more than Lambda returns: it is in {record['output']}"
        ) from error
    return response
