"""A request of InvokeEndpointAsync, and the places of its answers."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from local.sagemaker import s3_data
from local.sagemaker.errors import SageMakerError
from local.sagemaker.records import Record

MAX_INFERENCE_ID = 64
"""Characters of an InferenceId."""

# The headers of InvokeEndpointAsync, and what the container gets them as.
_PASSED_ON = {
    "x-amzn-sagemaker-accept": "accept",
    "x-amzn-sagemaker-content-type": "content-type",
    "x-amzn-sagemaker-custom-attributes": "x-amzn-sagemaker-custom-attributes",
    "x-amzn-sagemaker-inference-id": "x-amzn-sagemaker-inference-id",
}
_NOT_SUPPORTED = ("x-amzn-sagemaker-s3outputpathextension", "x-amzn-sagemaker-filename")


@dataclass(frozen=True)
class AsyncRequest:
    """What is asked, from where to where; times in seconds."""

    endpoint: str
    inference_id: str
    input_location: str
    output_location: str
    failure_location: str | None
    """None where the endpoint configuration has no S3FailurePath: a failure is not stored then."""
    headers: Mapping[str, str]
    """For the container."""
    output: Record
    """The OutputConfig that was in force when the request came."""
    received: float
    ttl: int
    """So long it may wait."""
    invocation_timeout: int
    """So long the container has for an answer."""

    @classmethod
    def of(cls, endpoint: str, headers: Mapping[str, str], body: bytes, output: Record) -> Self:
        """Read a request that came just now; `headers` are in lower case. Raises SageMakerError.

        The limits are those of
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
        """
        for header in _NOT_SUPPORTED:
            if header in headers:
                raise _wrong(f"The embedded AWS does not support {header}.")
        if body:
            raise _wrong("The embedded AWS does not support a Body: give an InputLocation.")
        location = headers.get("x-amzn-sagemaker-inputlocation", "")
        try:
            s3_data.split(location)
        except SageMakerError as error:
            raise _wrong(f"InputLocation: {error}") from error
        # Not the InferenceId, which several requests may share and which may have slashes.
        name = str(uuid.uuid4())
        inference_id = headers.get("x-amzn-sagemaker-inference-id", name)
        if not 1 <= len(inference_id) <= MAX_INFERENCE_ID:
            raise _wrong(f"InferenceId must have 1 to {MAX_INFERENCE_ID} characters")
        failures = output.get("S3FailurePath")
        return cls(
            endpoint=endpoint,
            inference_id=inference_id,
            input_location=location,
            output_location=f"{output['S3OutputPath'].rstrip('/')}/{name}.out",
            failure_location=f"{failures.rstrip('/')}/{name}-error.out" if failures else None,
            headers={to: headers[name] for name, to in _PASSED_ON.items() if name in headers},
            output=output,
            received=time.time(),
            ttl=_seconds(headers, "RequestTTLSeconds", 60, 21_600, 21_600),
            invocation_timeout=_seconds(headers, "InvocationTimeoutSeconds", 1, 3600, 900),
        )

    @property
    def has_expired(self) -> bool:
        """Whether it has waited for longer than it may."""
        return time.time() - self.received > self.ttl


def _seconds(headers: Mapping[str, str], name: str, low: int, high: int, default: int) -> int:
    text = headers.get(f"x-amzn-sagemaker-{name.lower()}")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise _wrong(f"{name} is {text}; allowed: {low} to {high}")
    return int(text)


def _wrong(message: str) -> SageMakerError:
    return SageMakerError("ValidationError", message)
