"""InvokeEndpointAsync."""

import json
from collections.abc import Mapping

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting.async_inference import is_asynchronous
from local.sagemaker.hosting.async_request import AsyncRequest
from local.sagemaker.hosting.endpoints import Endpoints
from local.sagemaker.hosting.runtime import Response, find_endpoint


def invoke_endpoint_async(
    endpoints: Endpoints, name: str, headers: Mapping[str, str], body: bytes
) -> Response:
    """Answer InvokeEndpointAsync: the request waits from now on. Raises SageMakerError."""
    endpoint = find_endpoint(endpoints, name)
    variant = endpoint.variant(None)
    if not is_asynchronous(variant):
        raise SageMakerError(
            "ValidationError",
            f"Endpoint {name} has no AsyncInferenceConfig: it is asked with InvokeEndpoint.",
        )
    output = variant.config["AsyncInferenceConfig"]["OutputConfig"]
    request = AsyncRequest.of(name, headers, body, output)
    endpoint.backlog.put(request)
    response_headers = {
        "Content-Type": "application/json",
        "X-Amzn-SageMaker-OutputLocation": request.output_location,
    }
    if request.failure_location is not None:
        response_headers["X-Amzn-SageMaker-FailureLocation"] = request.failure_location
    return 202, response_headers, json.dumps({"InferenceId": request.inference_id}).encode()
