"""An asynchronous request is answered: its input is read, its answer stored and told of.

All of it with the execution role of the model that answers, as on AWS.
"""

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from ministack.core.responses import get_region

from local.sagemaker import s3_data
from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting.async_request import AsyncRequest
from local.sagemaker.hosting.host import RetiredError
from local.sagemaker.hosting.role_clients import ROLE_ERRORS, RoleClients
from local.sagemaker.hosting.variants import Variant
from local.sagemaker.model_server import Answer
from local.sagemaker.records import Record

MAX_INPUT = 1024**3
"""Bytes: "payload sizes of up to 1 GB"."""

logger = logging.getLogger(__name__)


class _Failure(Exception):  # noqa: N818 - an outcome, as the message has it
    """A request without an answer: its failureReason, and what a model sent instead of one."""

    def __init__(self, reason: str, answer: Answer | None = None) -> None:
        super().__init__(reason)
        self.answer = answer


class AsyncResults:
    """Answers the requests of one endpoint."""

    def __init__(self, endpoint: str, current: Callable[[], Variant]) -> None:
        """Take the variant that answers now from `current`, which raises SageMakerError without."""
        self._clients = RoleClients(endpoint)
        self._current = current

    def answer(self, request: AsyncRequest, variant: Variant) -> None:
        """Have a variant answer; raises nothing that is wrong with request, role or model."""
        try:
            body = self._input(request, variant)
            variant, answer = self._asked(request, variant, body)
            self._store(request.output_location, request, variant, answer.content_type, answer.body)
        except _Failure as failure:
            self._fail(request, variant, failure)
        except Exception as error:
            logger.exception("endpoint %s", request.endpoint)
            self._fail(request, variant, _Failure(f"InternalServerError: {error}"))
        else:
            response = {
                "contentType": answer.content_type,
                "outputLocation": request.output_location,
            }
            outcome = {"invocationStatus": "Completed", "responseParameters": response}
            self._notify("SuccessTopic", request, variant, outcome)

    def expire(self, request: AsyncRequest, variant: Variant) -> None:
        """Have a request fail that has waited for too long."""
        reason = f"The request waited for more than its RequestTTLSeconds, {request.ttl}"
        self._fail(request, variant, _Failure(f"ClientError: {reason}."))

    def _input(self, request: AsyncRequest, variant: Variant) -> bytes:
        bucket, key = s3_data.split(request.input_location)
        try:
            found = self._client(variant, "s3").get_object(Bucket=bucket, Key=key)
            if found["ContentLength"] <= MAX_INPUT:
                body: bytes = found["Body"].read()
                return body
            reason = f"it has {found['ContentLength']} bytes, more than {MAX_INPUT}"
        except ROLE_ERRORS as error:
            reason = str(error)
        raise _Failure(f"ClientError: Cannot read the input {request.input_location}: {reason}")

    def _asked(
        self, request: AsyncRequest, variant: Variant, body: bytes
    ) -> tuple[Variant, Answer]:
        """Return the model's answer and the variant that gave it. Raises _Failure."""
        while True:
            try:
                timeout = request.invocation_timeout
                answer = variant.invoke(body, request.headers, timeout, time.monotonic())
                break
            except TimeoutError as error:
                reason = f"The model did not answer within {request.invocation_timeout} seconds."
                raise _Failure(f"ClientError: {reason}") from error
            except (OSError, RetiredError) as error:
                # An update may have stopped it; the request is for the endpoint, not for this host.
                successor = self._successor(variant)
                if successor is None:
                    reason = str(error) or "it is being stopped"
                    raise _Failure(f"ClientError: The model did not answer: {reason}") from error
                variant = successor
        if 200 <= answer.status < 300:
            return variant, answer
        side = "client" if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR else "server"
        raise _Failure(
            f"ClientError: Received {side} error ({answer.status}) from model. See the SageMaker "
            "Endpoint logs in your account for more information.",
            answer,
        )

    def _successor(self, variant: Variant) -> Variant | None:
        try:
            current = self._current()
        except SageMakerError:
            return None
        return None if current.host is variant.host else current

    def _fail(self, request: AsyncRequest, variant: Variant, failure: _Failure) -> None:
        reason, answer = str(failure), failure.answer
        logger.warning(
            "endpoint %s, inference %s: %s", request.endpoint, request.inference_id, reason
        )
        if request.failure_location is not None:
            content_type = answer.content_type if answer else "text/plain"
            body = answer.body if answer else reason.encode()
            try:
                self._store(request.failure_location, request, variant, content_type, body)
            except _Failure as unstored:
                logger.warning("endpoint %s: %s", request.endpoint, unstored)
        outcome = {"invocationStatus": "Failed", "failureReason": reason}
        self._notify("ErrorTopic", request, variant, outcome)

    def _store(
        self, uri: str, request: AsyncRequest, variant: Variant, content_type: str, body: bytes
    ) -> None:
        bucket, key = s3_data.split(uri)
        try:
            self._client(variant, "s3").put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                **s3_data.encryption(request.output.get("KmsKeyId")),
            )
        except ROLE_ERRORS as error:
            raise _Failure(f"ClientError: Cannot write the output {uri}: {error}") from error

    def _notify(self, topic: str, request: AsyncRequest, variant: Variant, outcome: Record) -> None:
        topic_arn = request.output.get("NotificationConfig", {}).get(topic)
        if topic_arn is None:
            return
        message = json.dumps(notification(request, outcome))
        try:
            self._client(variant, "sns").publish(TopicArn=topic_arn, Message=message)
        except ROLE_ERRORS as error:
            logger.warning(
                "endpoint %s, inference %s: nobody is told: %s",
                request.endpoint,
                request.inference_id,
                error,
            )

    def _client(self, variant: Variant, service: str) -> Any:
        return self._clients.client(variant.host.role_arn, service)


def notification(request: AsyncRequest, outcome: Record) -> Record:
    """Return the message to a topic, in the form of "Check prediction results".

    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
    """
    parameters = {
        "accept": request.headers.get("accept"),
        "contentType": request.headers.get("content-type"),
        "customAttributes": request.headers.get("x-amzn-sagemaker-custom-attributes"),
        "endpointName": request.endpoint,
        "inputLocation": request.input_location,
    }
    return {
        "awsRegion": get_region(),
        "eventTime": _instant(datetime.now(UTC)),
        "receivedTime": _instant(datetime.fromtimestamp(request.received, UTC)),
        **outcome,
        "requestParameters": {name: value for name, value in parameters.items() if value},
        "inferenceId": request.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _instant(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"
