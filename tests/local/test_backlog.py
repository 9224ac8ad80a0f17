"""Asynchronous requests, without a server: what a queue does with them."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting import async_inference, backlog
from local.sagemaker.hosting.async_request import AsyncRequest
from local.sagemaker.hosting.async_results import AsyncResults, notification
from local.sagemaker.hosting.backlog import Backlog
from local.sagemaker.hosting.host import RetiredError
from tests.local.conftest import settled

OUTPUT = {"S3OutputPath": "s3://iris/out", "S3FailurePath": "s3://iris/fail/"}
PREFIX = "x-amzn-sagemaker-"


def request(output: Mapping[str, Any] = OUTPUT, **headers: str) -> AsyncRequest:
    given = {f"{PREFIX}{name.lower()}": value for name, value in headers.items()}
    location = {f"{PREFIX}inputlocation": "s3://iris/input"}
    return AsyncRequest.of("later", {**location, **given}, b"", dict(output))


# a request


@given(text=st.one_of(st.integers(-10, 25_000).map(str), st.text(max_size=6)))
def test_the_time_a_request_waits_is_one_that_sagemaker_takes(text: str) -> None:
    if text.isascii() and text.isdigit() and 60 <= int(text) <= 21_600:
        assert request(RequestTTLSeconds=text).ttl == int(text)
    else:
        with pytest.raises(SageMakerError, match="allowed: 60 to 21600") as raised:
            request(RequestTTLSeconds=text)
        assert raised.value.code == "ValidationError"


@given(inference_id=st.text(min_size=1, max_size=64))
def test_the_places_of_the_answers_are_below_those_that_are_configured(inference_id: str) -> None:
    asked = request(OUTPUT, **{"Inference-Id": inference_id})
    name = asked.output_location.removeprefix("s3://iris/out/").removesuffix(".out")
    assert asked.failure_location == f"s3://iris/fail/{name}-error.out"
    assert len(name) == 36
    assert "/" not in name
    told = json.loads(json.dumps(notification(asked, {"invocationStatus": "Completed"})))
    assert told["inferenceId"] == inference_id


def test_without_an_id_a_request_is_called_as_its_answer() -> None:
    asked = request()
    assert asked.output_location == f"s3://iris/out/{asked.inference_id}.out"
    assert (asked.ttl, asked.invocation_timeout) == (21_600, 900)


def test_without_a_failure_path_there_is_no_place_for_failures() -> None:
    assert request({"S3OutputPath": "s3://iris/out"}).failure_location is None


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"InputLocation": "https://iris/input"}, "InputLocation: https://iris/input is not an S3"),
        ({"Inference-Id": "x" * 65}, "1 to 64 characters"),
        ({"InvocationTimeoutSeconds": "3601"}, "allowed: 1 to 3600"),
        ({"Filename": "answer"}, "does not support x-amzn-sagemaker-filename"),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(
    headers: dict[str, str], message: str
) -> None:
    with pytest.raises(SageMakerError, match=message) as raised:
        request(OUTPUT, **headers)
    assert raised.value.code == "ValidationError"


def test_a_request_with_a_body_is_refused() -> None:
    with pytest.raises(SageMakerError, match="does not support a Body"):
        AsyncRequest.of("later", {}, b"1", OUTPUT)


# a configuration


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ProductionVariants": [{}, {}]}, "several production variants"),
        ({"ProductionVariants": [{"ServerlessConfig": {"MaxConcurrency": 1}}]}, "Serverless"),
        ({"ShadowProductionVariants": [{}]}, "ShadowProductionVariants"),
        ({"AsyncInferenceConfig": {"OutputConfig": {}}}, "without S3OutputPath"),
        (
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "https://iris/out"}}},
            "is not an S3 URI",
        ),
        (
            {
                "AsyncInferenceConfig": {
                    "OutputConfig": {
                        **OUTPUT,
                        "NotificationConfig": {
                            "IncludeInferenceResponseIn": ["ERROR_NOTIFICATION_TOPIC"]
                        },
                    }
                }
            },
            "IncludeInferenceResponseIn",
        ),
    ],
)
def test_a_configuration_that_cannot_be_asked_asynchronously_is_refused(
    change: dict[str, Any], message: str
) -> None:
    right = {"ProductionVariants": [{}], "AsyncInferenceConfig": {"OutputConfig": OUTPUT}}
    async_inference.validate(right)
    with pytest.raises(SageMakerError, match=message):
        async_inference.validate({**right, **change})


# the queue


class Instances:
    """A variant with instances, one of which takes `concurrency` requests at a time."""

    name = "only"

    def __init__(self, count: int = 1, concurrency: int = 1) -> None:
        client = {"MaxConcurrentInvocationsPerInstance": concurrency}
        self.config = {"AsyncInferenceConfig": {"ClientConfig": client, "OutputConfig": OUTPUT}}
        self.current_instances = count


class Results:
    """Counts the requests that are answered at the same time; they end when `go` is set."""

    def __init__(self) -> None:
        self.answered: list[AsyncRequest] = []
        self.expired: list[AsyncRequest] = []
        self.running = self.most = 0
        self.go = threading.Event()
        self._lock = threading.Lock()

    def answer(self, asked: AsyncRequest, _variant: Any) -> None:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        assert self.go.wait(60)
        with self._lock:
            self.running -= 1
            self.answered.append(asked)

    def expire(self, asked: AsyncRequest, _variant: Any) -> None:
        self.expired.append(asked)


@pytest.fixture
def results() -> Results:
    return Results()


@pytest.fixture
def queue(results: Results, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Backlog]]:
    monkeypatch.setattr(backlog, "METRICS_SECONDS", 0.01)
    made: list[Backlog] = []

    def make(instances: Instances) -> Backlog:
        queue = Backlog("later", lambda: cast(Any, instances))
        queue._results = cast(Any, results)
        queue.open_if_asynchronous([cast(Any, instances)])
        made.append(queue)
        return queue

    yield make
    results.go.set()
    for each in made:
        each.close()


def until(condition: Callable[[], bool]) -> None:
    settled(lambda: {"is": condition()}, lambda found: bool(found["is"]))


@pytest.mark.parametrize(("count", "concurrency"), [(1, 1), (1, 3), (2, 2)])
def test_an_instance_is_asked_no_more_at_a_time_than_it_takes(
    queue: Callable[..., Backlog], results: Results, count: int, concurrency: int
) -> None:
    waiting = queue(Instances(count, concurrency))
    asked = [request() for _ in range(9)]
    for each in asked:
        waiting.put(each)
    until(lambda: results.running == count * concurrency)
    time.sleep(0.05)  # in which one too many would be asked
    results.go.set()
    until(lambda: len(results.answered) == 9)
    assert results.most == count * concurrency
    assert {each.inference_id for each in results.answered} == {e.inference_id for e in asked}


def test_the_oldest_request_is_answered_first(
    queue: Callable[..., Backlog], results: Results
) -> None:
    results.go.set()
    waiting = queue(Instances())
    asked = [request() for _ in range(9)]
    for each in asked:
        waiting.put(each)
    until(lambda: len(results.answered) == 9)
    assert results.answered == asked


def test_a_request_that_waited_too_long_is_not_asked(
    queue: Callable[..., Backlog], results: Results
) -> None:
    waiting = queue(instances := Instances(count=0))
    old, new = request(RequestTTLSeconds="60"), request()
    object.__setattr__(old, "received", time.time() - 61)
    waiting.put(old)
    waiting.put(new)
    until(lambda: bool(results.expired))
    instances.current_instances = 1
    results.go.set()
    until(lambda: bool(results.answered))
    assert (results.expired, results.answered) == ([old], [new])


def test_a_backlog_has_an_end(
    queue: Callable[..., Backlog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MAX_REQUESTS", 3)
    waiting = queue(Instances(count=0))
    for _ in range(3):
        waiting.put(request())
    with pytest.raises(SageMakerError, match="3 requests wait") as raised:
        waiting.put(request())
    assert (raised.value.code, raised.value.status) == ("ServiceUnavailable", 503)


def test_a_closed_backlog_hands_nothing_out(
    queue: Callable[..., Backlog], results: Results
) -> None:
    waiting = queue(instances := Instances(count=0))
    waiting.put(request())
    waiting.close()
    instances.current_instances = 1
    results.go.set()
    time.sleep(0.05)  # in which it would be
    assert not results.answered
    with pytest.raises(SageMakerError, match="wait for endpoint later"):
        waiting.put(request())


# an answer


class Storage:
    """S3 and SNS, where everything may be written."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def client(self, _role_arn: str, _service: str) -> Any:
        return self

    def get_object(self, **_: str) -> Any:
        return {"ContentLength": 3, "Body": self}

    def read(self) -> bytes:
        return b"1,2"

    def put_object(self, **put: Any) -> None:
        self.objects[put["Key"]] = put["Body"]


class Served:
    """A variant and its host, which answers or was stopped."""

    role_arn = content_type = "any"
    status = 200
    body = b"answer"

    def __init__(self, *, stopped: Exception | None = None) -> None:
        self.host = self
        self.stopped = stopped

    def invoke(self, *_: Any) -> Any:
        if self.stopped:
            raise self.stopped
        return self


def answered(first: Served, current: Callable[[], Any]) -> dict[str, bytes]:
    """What is stored when a request is handed to a variant, with another one there or not."""
    results, storage = AsyncResults("later", current), Storage()
    results._clients = cast(Any, storage)
    results.answer(request(), cast(Any, first))
    return storage.objects


@pytest.mark.parametrize("cut", [ConnectionResetError("stopped"), RetiredError()])
def test_a_request_that_an_update_cut_off_is_asked_of_the_new_variant(cut: Exception) -> None:
    stopped = Served(stopped=cut)
    stored = answered(stopped, Served)
    assert list(stored.values()) == [b"answer"]


def deleted() -> Any:
    raise SageMakerError("ValidationError", "Endpoint later is not in service")


@pytest.mark.parametrize(
    ("cut", "why"),
    [(ConnectionResetError("gone"), b"gone"), (RetiredError(), b"it is being stopped")],
)
def test_a_request_that_a_deletion_cut_off_fails(cut: Exception, why: bytes) -> None:
    (reason,) = answered(Served(stopped=cut), deleted).values()
    assert reason == b"ClientError: The model did not answer: " + why


def test_a_model_that_crashes_is_not_asked_again() -> None:
    crashed = Served(stopped=ConnectionResetError("crashed"))
    (reason,) = answered(crashed, lambda: crashed).values()
    assert b"The model did not answer: crashed" in reason


def test_a_mistake_of_the_service_itself_fails_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (reason,) = answered(Served(stopped=ValueError("a mistake")), Served).values()
    assert reason == b"InternalServerError: a mistake"
    assert "Traceback" in caplog.text
