"""The service as MiniStack calls it: SageMaker's JSON protocol and the runtime's REST protocol."""

import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from ministack.core.concurrency import run_reentrant

from local.faults import Faults, Throttle
from local.run_directory import RunDirectory
from local.runners import Runner
from local.runners.docker import DockerRunner
from local.runners.engine import chosen
from local.runners.process import ProcessRunner
from local.sagemaker import records, tags
from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting import configuration as hosting
from local.sagemaker.hosting.async_runtime import invoke_endpoint_async
from local.sagemaker.hosting.endpoints import Endpoints
from local.sagemaker.hosting.runtime import ModelError, Response, invoke_endpoint
from local.sagemaker.notebook import instances as notebooks
from local.sagemaker.notebook import lifecycle
from local.sagemaker.processing.operations import Processing
from local.sagemaker.records import Record
from local.sagemaker.roles import assert_passable
from local.sagemaker.training.operations import Training
from local.sagemaker.transform.operations import Transform
from local.sagemaker.tuning.operations import Tuning
from local.sagemaker.validation import validate

logger = logging.getLogger(__name__)

_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/(async-)?invocations")


class SageMaker:
    """Control plane and runtime, in one: both sign their requests as `sagemaker`."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self._endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
        faults = Faults.of(os.environ)
        self._throttle = Throttle(faults.throttle)
        self._training = Training(self._runner, faults)
        self._tuning = Tuning(self._training)
        self._processing = Processing(self._runner)
        self._transform = Transform(self._runner)
        self._endpoints = Endpoints(self._runner)
        self._operations: dict[str, Callable[[Record], Record]] = {
            "CreateTrainingJob": self._training.create,
            "DescribeTrainingJob": self._training.describe,
            "ListTrainingJobs": self._training.list,
            "StopTrainingJob": self._training.stop,
            "DeleteTrainingJob": self._training.delete,
            "CreateHyperParameterTuningJob": self._tuning.create,
            "DescribeHyperParameterTuningJob": self._tuning.describe,
            "ListHyperParameterTuningJobs": self._tuning.list,
            "ListTrainingJobsForHyperParameterTuningJob": self._tuning.list_training_jobs,
            "StopHyperParameterTuningJob": self._tuning.stop,
            "DeleteHyperParameterTuningJob": self._tuning.delete,
            "CreateProcessingJob": self._processing.create,
            "DescribeProcessingJob": self._processing.describe,
            "ListProcessingJobs": self._processing.list,
            "StopProcessingJob": self._processing.stop,
            "DeleteProcessingJob": self._processing.delete,
            "CreateTransformJob": self._transform.create,
            "DescribeTransformJob": self._transform.describe,
            "ListTransformJobs": self._transform.list,
            "StopTransformJob": self._transform.stop,
            "CreateModel": hosting.create_model,
            "DescribeModel": hosting.describe_model,
            "ListModels": hosting.list_models,
            "DeleteModel": hosting.delete_model,
            "CreateEndpointConfig": hosting.create_endpoint_config,
            "DescribeEndpointConfig": hosting.describe_endpoint_config,
            "ListEndpointConfigs": hosting.list_endpoint_configs,
            "DeleteEndpointConfig": hosting.delete_endpoint_config,
            "CreateEndpoint": self._endpoints.create_endpoint,
            "DescribeEndpoint": self._endpoints.describe_endpoint,
            "ListEndpoints": self._endpoints.list_endpoints,
            "UpdateEndpoint": self._endpoints.update_endpoint,
            "UpdateEndpointWeightsAndCapacities": (
                self._endpoints.update_endpoint_weights_and_capacities
            ),
            "DeleteEndpoint": self._endpoints.delete_endpoint,
            "CreateNotebookInstance": notebooks.create,
            "DescribeNotebookInstance": notebooks.describe,
            "ListNotebookInstances": notebooks.list_instances,
            "UpdateNotebookInstance": notebooks.update,
            "StartNotebookInstance": notebooks.start,
            "StopNotebookInstance": notebooks.stop,
            "DeleteNotebookInstance": notebooks.delete,
            "CreatePresignedNotebookInstanceUrl": notebooks.create_presigned_url,
            "CreateNotebookInstanceLifecycleConfig": lifecycle.create,
            "DescribeNotebookInstanceLifecycleConfig": lifecycle.describe,
            "ListNotebookInstanceLifecycleConfigs": lifecycle.list_configs,
            "UpdateNotebookInstanceLifecycleConfig": lifecycle.update,
            "DeleteNotebookInstanceLifecycleConfig": lifecycle.delete,
            "AddTags": tags.add_tags,
            "ListTags": tags.list_tags,
            "DeleteTags": tags.delete_tags,
        }

    def call(self, operation: str, request: Record) -> Record:
        """Check a request and perform the operation. Raises SageMakerError."""
        if operation not in self._operations:
            raise SageMakerError(
                "UnknownOperationException", f"The embedded AWS has no SageMaker {operation}"
            )
        validate(operation, request)
        return self._operations[operation](request)

    async def handle_request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query_params: Mapping[str, Any],  # noqa: ARG002 - MiniStack's signature
    ) -> Response:
        """Answer a request. Operations wait for S3, for a container: never on the event loop."""
        if method == "POST" and (invocation := _INVOCATIONS.fullmatch(path)):
            response: Response = await run_reentrant(
                self._invoke, bool(invocation[2]), unquote(invocation[1]), headers, body
            )
            return response
        operation = headers.get("x-amz-target", "").removeprefix("SageMaker.")
        answered: Response = await run_reentrant(self._answer, operation, headers, body)
        return answered

    def reset(self) -> None:
        """Forget everything, as MiniStack's /_ministack/reset asks of each service.

        It asks on the event loop, where nothing may be waited for that needs the server itself.
        """
        self._endpoints.reset()
        self._tuning.reset()
        self._training.reset()
        self._processing.reset()
        self._transform.reset()
        for store in (
            *(records.endpoint_configs, records.models),
            *(records.notebook_instances, records.lifecycle_configs),
            records.tags,
        ):
            store.clear()

    def _answer(self, operation: str, headers: Mapping[str, str], body: bytes) -> Response:
        try:
            if self._throttle.refuses():
                logger.warning("fault: throttled: %s", operation)
                raise SageMakerError("ThrottlingException", "Rate exceeded")
            request = _request(body)
            for role_arn in _roles(request):
                assert_passable(role_arn, headers)
            return _json(200, self.call(operation, request))
        except SageMakerError as error:
            return _error(error, "application/x-amz-json-1.1")

    def _invoke(
        self, is_async: bool, name: str, headers: Mapping[str, str], body: bytes
    ) -> Response:
        try:
            invoke = invoke_endpoint_async if is_async else invoke_endpoint
            return invoke(self._endpoints, name, headers, body)
        except ModelError as error:
            return error.response()
        except SageMakerError as error:
            return _error(error, "application/json")

    def _runner(self) -> Runner:
        # Asked for each container: an engine may have been started meanwhile.
        runner = DockerRunner if chosen() == "docker" else ProcessRunner
        return runner(self._run, self._endpoint)


def _request(body: bytes) -> Record:
    try:
        request = json.loads(body or b"{}")
    except ValueError as error:
        raise SageMakerError("SerializationException", f"not JSON: {error}") from error
    if not isinstance(request, dict):
        raise SageMakerError("SerializationException", "the request is not a JSON object")
    return request


def _roles(request: Record) -> Iterator[str]:
    """Yield the roles that a request, not validated yet, gives to SageMaker."""
    for holder in (request, request.get("TrainingJobDefinition")):
        for member in ("RoleArn", "ExecutionRoleArn"):
            if isinstance(holder, dict) and member in holder:
                yield str(holder[member])


def _json(status: int, answer: Record) -> Response:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()


def _error(error: SageMakerError, content_type: str) -> Response:
    body = {"__type": error.code, "message": error.message, "Message": error.message}
    headers = {"Content-Type": content_type, "x-amzn-ErrorType": error.code}
    return error.status, headers, json.dumps(body).encode()
