"""The service as MiniStack calls it: the JSON protocol of Application Auto Scaling."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.concurrency import run_reentrant

from local.application_autoscaling import policies, schedules, targets
from local.application_autoscaling.scaler import Scaler
from local.application_autoscaling.targets import Record
from local.faults import Throttle
from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.service import SageMaker
from local.sagemaker.validation import validate

logger = logging.getLogger(__name__)

NAME = "application-autoscaling"
TARGET_PREFIX = "AnyScaleFrontendService."

Response = tuple[int, dict[str, Any], bytes]


class ApplicationAutoScaling:
    """Scales SageMaker's variants, and nothing else."""

    def __init__(self, sagemaker: SageMaker, throttle: Throttle) -> None:
        self._sagemaker = sagemaker
        self._throttle = throttle
        self._scaler = Scaler(sagemaker)
        self._operations: dict[str, Callable[[Record], Record]] = {
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": targets.deregister,
            "DescribeScalableTargets": targets.describe,
            "DescribeScalingActivities": targets.describe_activities,
            "PutScalingPolicy": policies.put,
            "DeleteScalingPolicy": policies.delete,
            "DescribeScalingPolicies": policies.describe,
            "PutScheduledAction": schedules.put,
            "DeleteScheduledAction": schedules.delete,
            "DescribeScheduledActions": schedules.describe,
        }

    async def handle_request(
        self,
        method: str,  # noqa: ARG002 - MiniStack's signature
        path: str,  # noqa: ARG002
        headers: Mapping[str, str],
        body: bytes,
        query_params: Mapping[str, Any],  # noqa: ARG002
    ) -> Response:
        """Answer a request, off the event loop: SageMaker may have to be waited for."""
        operation = headers.get("x-amz-target", "").removeprefix(TARGET_PREFIX)
        answered: Response = await run_reentrant(self._answer, operation, body)
        return answered

    def reset(self) -> None:
        """Forget everything, as MiniStack's /_ministack/reset asks of each service."""
        targets.reset()

    def _answer(self, operation: str, body: bytes) -> Response:
        try:
            if self._throttle.refuses():
                logger.warning("fault: throttled: %s", operation)
                raise SageMakerError("ThrottlingException", "Rate exceeded")
            if operation not in self._operations:
                raise SageMakerError(
                    "UnknownOperationException", f"The embedded AWS has no {NAME} {operation}"
                )
            request = json.loads(body or b"{}")
            validate(operation, request, service=NAME)
            return _response(200, self._operations[operation](request))
        except SageMakerError as error:
            return _response(error.status, {"__type": error.code, "message": error.message})

    def _register(self, request: Record) -> Record:
        endpoint, variant = targets.endpoint_and_variant(request)
        described = self._sagemaker.call("DescribeEndpoint", {"EndpointName": endpoint})
        if variant not in {one["VariantName"] for one in described.get("ProductionVariants", [])}:
            raise invalid(f'Could not find variant "{variant}" of endpoint "{endpoint}".')
        answer = targets.register(request)
        self._scaler.start()
        return answer


def _response(status: int, answer: Record) -> Response:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()
