"""What of an endpoint's invocations is found in S3 afterwards."""

import base64
import json
import logging
import re
import time
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting import data_capture
from local.sagemaker.hosting.data_capture import DataCapture
from local.sagemaker.hosting.endpoint import Endpoint
from local.sagemaker.hosting.metrics import Metrics
from tests.local.captures import TYPES, config, event
from tests.local.conftest import Account, settled
from tests.local.endpoints import configure_with, serve_with, update

KEY = re.compile(
    r"captured/[^/]+/only/\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-"
    r"[0-9a-f]{12}\.jsonl"
)


class Store:
    """S3, and the clients of a role that may write there or not."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self.error: Exception | None = None

    def client(self, role_arn: str, service: str) -> Any:
        assert (role_arn, service) == ("role", "s3")
        if self.error:
            raise self.error
        return self

    def put_object(self, **put: Any) -> None:
        assert put["Bucket"] == "iris"
        self.objects[put["Key"]] = [json.loads(line) for line in put["Body"].splitlines()]

    @property
    def sizes(self) -> list[int]:
        return [len(lines) for lines in self.objects.values()]


class Host:
    role_arn = "role"


class Asked:
    """A variant, and an answer of it."""

    name = "only"
    host = Host()
    content_type = "text/csv"
    body = b"answer"

    def __init__(self, **change: Any) -> None:
        self.config = {"EndpointConfigName": "config", "DataCaptureConfig": config(**change)}

    def by(self, capture: DataCapture, body: bytes = b"1", times: int = 1) -> None:
        for _ in range(times):
            capture.record(cast(Any, self), {"content-type": "text/csv"}, body, cast(Any, self))


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def capture(store: Store) -> Any:
    capture = DataCapture("greeter")
    capture._clients = cast(Any, store)
    yield capture
    capture.close()


@pytest.mark.parametrize(("percentage", "expected"), [(0, 0), (20, 400), (100, 2000)])
def test_each_invocation_is_captured_with_the_given_probability(
    capture: DataCapture, store: Store, percentage: int, expected: int
) -> None:
    Asked(InitialSamplingPercentage=percentage).by(capture, times=2000)
    capture.close()
    deviation = (2000 * percentage / 100 * (1 - percentage / 100)) ** 0.5
    assert abs(sum(store.sizes) - expected) <= 4 * deviation


def test_capture_that_is_not_enabled_captures_nothing(capture: DataCapture, store: Store) -> None:
    Asked(EnableCapture=False).by(capture)
    capture.close()
    assert not store.objects


def test_what_is_pending_is_stored_when_the_endpoint_goes(
    capture: DataCapture, store: Store
) -> None:
    Asked().by(capture, times=3)
    assert not store.objects
    capture.close()
    assert store.sizes == [3]
    assert all(KEY.fullmatch(key) for key in store.objects)
    Asked().by(capture)  # one more that an instance answered while it was stopped
    capture.flush()
    assert store.sizes == [3]


def test_a_file_is_stored_when_its_time_is_over(
    capture: DataCapture, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_capture, "FILE_SECONDS", 0.0)
    monkeypatch.setattr(data_capture, "_TICK", 0.01)
    Asked().by(capture)
    settled(lambda: {"sizes": store.sizes}, lambda found: sum(found["sizes"]) == 1)


def test_a_file_is_stored_when_it_is_full(
    capture: DataCapture, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_capture, "FILE_SECONDS", 3600.0)
    monkeypatch.setattr(data_capture, "FILE_BYTES", 100)
    monkeypatch.setattr(data_capture, "_TICK", 0.01)
    Asked().by(capture, b"x" * 100)
    settled(lambda: {"sizes": store.sizes}, lambda found: sum(found["sizes"]) == 1)


def test_configurations_that_store_in_other_places_have_files_of_their_own(
    capture: DataCapture, store: Store
) -> None:
    old, new = Asked(), Asked(DestinationS3Uri="s3://iris")
    new.config["EndpointConfigName"] = "next"
    old.by(capture)
    new.by(capture)
    capture.close()
    assert [key.split("/")[0] for key in store.objects] == ["captured", "greeter"]


def test_a_file_has_the_hour_and_the_time_of_its_first_invocation() -> None:
    file = data_capture._File({}, "role", "only", [event()])
    assert file.key("greeter").startswith("greeter/only/2026/11/30/12/00-59-007-")


def test_what_memory_has_no_room_for_is_not_captured_and_said_once(
    capture: DataCapture,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(data_capture, "MAX_PENDING_BYTES", 50)
    Asked().by(capture, b"x" * 10, times=9)
    capture.flush()
    assert store.sizes == [3]
    assert caplog.text.count("some are not captured") == 1
    Asked().by(capture, b"x" * 10, times=9)  # there is room again
    capture.close()
    assert store.sizes == [3, 3]


@pytest.mark.parametrize(
    "error",
    [
        SageMakerError("ValidationException", "Could not assume role"),
        ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject"),
        ValueError("a mistake of ours"),
    ],
)
def test_captures_that_cannot_be_stored_are_lost_and_said_so(
    capture: DataCapture, store: Store, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    caplog.set_level(logging.WARNING)
    store.error = error
    Asked().by(capture, times=2)
    capture.flush()
    assert "endpoint greeter: 2 invocations not captured" in caplog.text
    store.error = None
    Asked().by(capture)
    capture.close()
    assert store.sizes == [1]


# the embedded AWS


def stored(account: Account, endpoint: str) -> list[dict[str, Any]]:
    """The captures of an endpoint."""
    listed = account.s3.list_objects_v2(Bucket="iris", Prefix=f"captured/{endpoint}/")
    keys = [item["Key"] for item in listed.get("Contents", [])]
    assert all(KEY.fullmatch(key) for key in keys)
    bodies = [account.s3.get_object(Bucket="iris", Key=key)["Body"].read() for key in keys]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def test_an_invocation_is_captured_as_it_came_and_was_answered(account: Account) -> None:
    endpoint = serve_with(
        account, "watched", DataCaptureConfig=config(CaptureContentTypeHeader=TYPES)
    )
    assert endpoint["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 100,
        "DestinationS3Uri": "s3://iris/captured/",
        "KmsKeyId": "",
    }
    answer = account.ask(
        "watched", b"1,2", Accept="text/x", InferenceId="one", CustomAttributes="a=b"
    )
    assert answer == ("only", b"Hello text/csv 1,2")
    with pytest.raises(ClientError, match="ModelError"):
        account.ask("watched", b"500")
    account.sagemaker.delete_endpoint(EndpointName="watched")
    with pytest.raises(ClientError, match="Could not find endpoint"):
        account.endpoint("watched")
    (line,) = stored(account, "watched")
    assert line["captureData"] == {
        "endpointInput": {
            "observedContentType": "text/csv",
            "mode": "INPUT",
            "data": "1,2",
            "encoding": "CSV",
        },
        "endpointOutput": {
            "observedContentType": "text/x",
            "mode": "OUTPUT",
            "data": base64.b64encode(b"Hello text/csv 1,2").decode(),
            "encoding": "BASE64",
        },
    }
    assert line["eventMetadata"]["inferenceId"] == "one"
    assert line["eventMetadata"]["customAttributes"] == ["a=b"]


def test_an_update_stores_what_is_pending(store: Store) -> None:
    endpoint = Endpoint("greeter", "arn", cast(Any, None), Metrics())
    endpoint.capture._clients = cast(Any, store)
    Asked().by(endpoint.capture)
    config = {"EndpointConfigName": "next", "ProductionVariants": []}
    endpoint.deploy(config, {"only": {"ExecutionRoleArn": "role"}}, None, {})
    soon = data_capture.FILE_SECONDS / 2  # long before the file's own end
    deadline = time.monotonic() + soon
    while not store.objects and time.monotonic() < deadline:
        time.sleep(0.01)
    assert store.sizes == [1]
    endpoint.capture.close()


def test_an_update_changes_what_is_captured(account: Account) -> None:
    key = account.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    serve_with(account, "noted", DataCaptureConfig=config(KmsKeyId=key))
    configure_with(account, "noted-2", {"only": "Ciao"})
    account.ask("noted", b"1")
    assert "DataCaptureConfig" not in update(account, "noted", "noted-2")
    settled(lambda: {"found": stored(account, "noted")}, lambda got: len(got["found"]) == 1)
    (item,) = account.s3.list_objects_v2(Bucket="iris", Prefix="captured/noted/")["Contents"]
    head = account.s3.head_object(Bucket="iris", Key=item["Key"])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    assert account.ask("noted", b"1") == ("only", b"Ciao text/csv 1")


@pytest.mark.parametrize(
    ("name", "members", "message"),
    [
        (
            "elsewhere",
            {"DataCaptureConfig": config(DestinationS3Uri="https://x")},
            "is not an S3 URI",
        ),
        (
            "queued",
            {
                "DataCaptureConfig": config(),
                "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://iris/out"}},
            },
            "together with AsyncInferenceConfig",
        ),
    ],
)
def test_a_configuration_whose_data_cannot_be_captured_is_refused(
    account: Account, name: str, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        configure_with(account, name, {"only": "Hello"}, **members)


def test_data_of_a_serverless_variant_is_not_captured() -> None:
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}
    with pytest.raises(SageMakerError, match="not supported with a variant's ServerlessConfig"):
        data_capture.validate({"DataCaptureConfig": config(), "ProductionVariants": [serverless]})
