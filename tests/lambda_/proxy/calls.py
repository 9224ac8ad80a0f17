"""Requests as API Gateway sends them, and the answers of an endpoint behind a stubbed client."""

import io
import json
from http import HTTPStatus
from typing import Any

from botocore.response import StreamingBody
from botocore.stub import Stubber

from proxy.api import Api
from proxy.errors import CODES

BODY = "Species,Sepal.Width\nsetosa,3.5\n"
SENT = {
    "EndpointName": "sagestack-iris",
    "ContentType": "text/csv",
    "Accept": "application/json",
    "Body": b"Sepal.Width,Species\n3.5,setosa\n",
}


def call(
    api: Api,
    method: str = "POST",
    resource: str = "/workloads/{name}/invocations",
    body: str | None = BODY,
    *,
    name: str = "iris",
    path: dict[str, str] | None = None,
    is_base64: bool = False,
    **headers: str,
) -> dict[str, Any]:
    headers = {"Content_Type": "text/csv"} | headers
    return api.handle(
        {
            "httpMethod": method,
            "resource": resource,
            "pathParameters": {"name": name} | (path or {}) if "{" in resource else None,
            "multiValueHeaders": {key.replace("_", "-"): [value] for key, value in headers.items()},
            "body": body,
            "isBase64Encoded": is_base64,
            "requestContext": {"requestId": "request-1"},
        }
    )


def answer(stubber: Stubber, body: bytes = b'{"predictions":[5.01]}', **changes: Any) -> None:
    content_type = changes.pop("answered", "application/json")
    answered = {
        "Body": StreamingBody(io.BytesIO(body), len(body)),
        "InvokedProductionVariant": "mars",
    }
    if content_type is not None:
        answered["ContentType"] = content_type
    stubber.add_response("invoke_endpoint", answered, SENT | changes)


def error(response: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response["body"])
    assert response["headers"]["Content-Type"] == "application/problem+json"
    assert found["status"] == response["statusCode"]
    assert found["instance"] == "request-1"
    assert found["title"] == HTTPStatus(found["status"]).phrase
    found["code"] = found["type"].removeprefix("urn:sagestack:problem:")
    assert found["code"] in CODES[found["status"]]
    return found


def model_error(status: int, text: str) -> dict[str, Any]:
    return {
        "service_error_code": "ModelError",
        "http_status_code": 424,
        "modeled_fields": {
            "OriginalStatusCode": status,
            "OriginalMessage": text,
            "LogStreamArn": "arn:aws:logs:us-east-1:0:log-group:/aws/sagemaker/Endpoints/iris",
        },
    }
