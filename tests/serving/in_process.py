"""The embedded AWS's own SageMaker and Application Auto Scaling, in this process.

boto3's clients reach them without a network. A model server answers at once in the place of a
container; S3, IAM, KMS and CloudWatch, which hosting asks with a model's role, are in memory.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError
from ministack.services import kms

from jobs import handler
from local.application_autoscaling import scaler
from local.application_autoscaling.service import TARGET_PREFIX, ApplicationAutoScaling
from local.faults import Throttle
from local.run_directory import RunDirectory
from local.runners import Container, ContainerSpec, registry
from local.sagemaker import cloudformation, s3_data
from local.sagemaker.hosting import configuration, endpoint, endpoints, host, role_clients
from local.sagemaker.service import SageMaker
from tests.lambda_.jobs.fake_aws import FakeAws

Request = tuple[str, str, dict[str, Any]]
"""A service, its operation and the parameters."""
ANSWER = b"5.1\n"


class World:
    """One account; `requests` are those that the custom resources sent."""

    def __init__(self, sagemaker: SageMaker, containers: "Containers") -> None:
        self.sagemaker = sagemaker
        self.containers = containers
        self.requests: list[Request] = []
        self.fakes = FakeAws()
        self._scaling = ApplicationAutoScaling(sagemaker, Throttle(0))
        self.clients = replace(
            self.fakes.clients,
            sagemaker=self._client("sagemaker"),
            runtime=self._client("sagemaker-runtime"),
            scaling=self._client("application-autoscaling"),
        )
        for client in (self.clients.scaling, self.clients.cloudwatch):
            client.meta.events.register("provide-client-params.*.*", self._record)

    def reset(self) -> None:
        """Forget what was deployed."""
        self.sagemaker.reset()
        self._scaling.reset()

    def _client(self, service: str) -> Any:
        client = boto3.Session("test", "test", region_name="us-east-1").client(service)  # type: ignore[call-overload]
        client.meta.events.register("before-send.*.*", self._answer)
        return client

    def _record(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.requests.append((model.service_model.service_name, model.name, params))

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        scales = headers.get("x-amz-target", "").startswith(TARGET_PREFIX)
        service = self._scaling if scales else self.sagemaker
        path, body = urlsplit(request.url).path, request.body or b""
        assert isinstance(body, bytes)
        answered: Any
        status, answered, content = asyncio.run(
            service.handle_request(request.method, path, headers, body, {})
        )
        raw: Any = _Raw(content)
        return AWSResponse(request.url, status, answered, raw)


class _Raw(BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


class Containers:
    """A runner of containers that are only counted."""

    interface = "none"

    def __init__(self) -> None:
        self.running: set[str] = set()

    def network(self, name: str, *, isolated: bool) -> AbstractContextManager[str]:  # noqa: ARG002
        return nullcontext(name)

    def create(self, spec: ContainerSpec) -> Container:
        return _Container(spec.name, self.running)


class _Container:
    base_dir = Path("/nonexistent")
    address = ("127.0.0.1", 0)

    def __init__(self, name: str, running: set[str]) -> None:
        self._name = name
        self._running = running

    def start(self) -> None:
        self._running.add(self._name)

    def wait(self, timeout: float) -> int | None:  # noqa: ARG002
        return None if self._name in self._running else 0

    def stop(self) -> None:
        self._running.remove(self._name)

    def remove(self) -> None:
        assert self._name not in self._running


class _ModelServer:
    def __init__(self, container: Container, _model: object) -> None:
        self._container = container

    def start(self, _s3: object, _timeout: float, _cancelled: object) -> None:
        self._container.start()

    def invoke(self, _body: bytes, headers: Mapping[str, str], _timeout: float) -> SimpleNamespace:
        content_type = headers["content-type"]
        return SimpleNamespace(
            status=200, content_type=content_type, custom_attributes=None, body=ANSWER
        )


class _Logs:
    def __init__(self, *_: object) -> None:
        pass

    def line(self, text: str) -> None:
        pass

    def close(self) -> None:
        pass


class _S3:
    """What hosting asks of S3, in the objects that the custom resources see."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def get_object(self, **request: Any) -> dict[str, Any]:
        body = self._s3.get_object(**request)["Body"].read()
        return {"Body": BytesIO(body), "ContentLength": len(body)}

    def put_object(self, **request: Any) -> None:
        self._s3.put_object(**request)


class _Topics:
    def publish(self, **_: str) -> None:
        pass


class _Kms:
    """Of a role that may grant every key."""

    def create_grant(self, **_: object) -> None:
        raise ClientError({"Error": {"Code": "DryRunOperationException"}}, "CreateGrant")


class _CloudWatch:
    """Of alarms that are all well."""

    def describe_alarms(self, AlarmNames: list[str], AlarmTypes: list[str]) -> dict[str, Any]:  # noqa: N803
        assert "MetricAlarm" in AlarmTypes
        return {"MetricAlarms": [{"AlarmName": name, "StateValue": "OK"} for name in AlarmNames]}


@contextmanager
def world() -> Iterator[World]:
    """Have the embedded AWS's services stand in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEWAY_PORT", "0")
        containers = Containers()
        patch.setattr(SageMaker, "_runner", lambda _: containers)
        made = World(SageMaker(RunDirectory(Path("/nonexistent"))), containers)
        services = {
            "s3": _S3(made.fakes.clients.s3),
            "cloudwatch": _CloudWatch(),
            "sns": _Topics(),
            "kms": _Kms(),
            "ecr": None,
            "logs": None,
        }

        def role(*_: object) -> SimpleNamespace:
            return SimpleNamespace(client=services.__getitem__, endpoint="http://127.0.0.1:0")

        for module in (configuration, endpoint, endpoints, host, role_clients):
            patch.setattr(module, "RoleSession", role)
        # as tests/stacks/api_requests.py names what a template refers to
        patch.setitem(kms._keys, "name-1", {"Arn": "name-1", "KeyState": "Enabled"})
        patch.setattr(registry, "find", lambda *_: "an image")
        patch.setattr(s3_data, "assert_model_readable", lambda *_: None)
        patch.setattr(host, "ModelServer", _ModelServer)
        patch.setattr(host, "LogStream", _Logs)
        patch.setattr(scaler.Scaler, "start", lambda _: None)  # it looks once a second
        patch.setattr(cloudformation, "_POLL_SECONDS", 0.002)
        patch.setattr(handler, "clients", lambda: made.clients)
        yield made
        made.reset()
