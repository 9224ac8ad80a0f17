"""Asynchronous endpoints, by boto3 against the running server."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Account, settled
from tests.local.endpoints import configure_with, read, serve_with, update

INPUT = "s3://iris/async/input.csv"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Asynchronous:
    """Endpoints whose answers are told of to a queue."""

    def __init__(self, account: Account) -> None:
        self.account = account
        sns, self.sqs = account.aws.client("sns"), account.aws.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        topics = {}
        for topic in ("SuccessTopic", "ErrorTopic"):
            topics[topic] = sns.create_topic(Name=topic)["TopicArn"]
            sns.subscribe(
                TopicArn=topics[topic],
                Protocol="sqs",
                Endpoint=arn["Attributes"]["QueueArn"],
                Attributes={"RawMessageDelivery": "true"},
            )
        self.output = {
            "S3OutputPath": "s3://iris/async/output/",
            "S3FailurePath": "s3://iris/async/failure",
            "NotificationConfig": topics,
        }
        account.s3.put_object(Bucket="iris", Key="async/input.csv", Body=b"1,2")

    def config(self, **client: int) -> dict[str, Any]:
        return {"AsyncInferenceConfig": {"ClientConfig": client, "OutputConfig": self.output}}

    def serve(self, name: str, **client: int) -> dict[str, Any]:
        return serve_with(self.account, name, **self.config(**client))

    def ask(self, name: str, location: str = INPUT, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.account.runtime.invoke_endpoint_async(
            EndpointName=name, InputLocation=location, **{"ContentType": "text/csv", **options}
        )
        return answer

    def put(self, name: str, body: bytes) -> str:
        self.account.s3.put_object(Bucket="iris", Key=f"async/{name}", Body=body)
        return f"s3://iris/async/{name}"

    def told(self) -> dict[str, Any]:
        """The next message of the topics."""
        messages = self.sqs.receive_message(
            QueueUrl=self.queue, WaitTimeSeconds=20, MaxNumberOfMessages=1
        )["Messages"]
        self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=messages[0]["ReceiptHandle"])
        message: dict[str, Any] = json.loads(messages[0]["Body"])
        return message

    def resize(self, name: str, count: int) -> None:
        self.account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[{"VariantName": "only", "DesiredInstanceCount": count}],
        )

    def metric(self, name: str, metric: str, statistic: str = "Maximum", **more: str) -> float:
        """The highest value of a metric in the last minutes, once there is one."""
        dimensions = {"EndpointName": name, **more}
        points = settled(
            lambda: self.account.aws.client("cloudwatch").get_metric_statistics(
                Namespace="AWS/SageMaker",
                MetricName=metric,
                Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
                StartTime=datetime.now(UTC) - timedelta(minutes=10),
                EndTime=datetime.now(UTC) + timedelta(minutes=1),
                Period=3600,
                Statistics=[statistic],
            ),
            lambda found: bool(found["Datapoints"]),
        )["Datapoints"]
        return max(float(point[statistic]) for point in points)


@pytest.fixture(scope="module")
def asynchronous(account: Account) -> Asynchronous:
    return Asynchronous(account)


@pytest.fixture(scope="module")
def later(asynchronous: Asynchronous) -> Asynchronous:
    """An endpoint `later` that answers in its own time."""
    endpoint = asynchronous.serve("later")
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["AsyncInferenceConfig"]["OutputConfig"] == asynchronous.output
    return asynchronous


def test_an_answer_is_stored_and_told_of(later: Asynchronous) -> None:
    asked = later.ask("later", Accept="text/x", CustomAttributes="a=b", InferenceId="x/y")
    assert (asked["ResponseMetadata"]["HTTPStatusCode"], asked["InferenceId"]) == (202, "x/y")
    assert re.fullmatch(f"s3://iris/async/output/{UUID}.out", asked["OutputLocation"])
    assert re.fullmatch(f"s3://iris/async/failure/{UUID}-error.out", asked["FailureLocation"])
    assert read(later.account, asked["OutputLocation"]) == b"Hello text/csv 1,2"
    message = later.told()
    instants = message.pop("receivedTime"), message.pop("eventTime")
    assert all(re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.\d{3}Z", instant) for instant in instants)
    assert instants[0] <= instants[1]
    assert message == {
        "awsRegion": "us-east-1",
        "invocationStatus": "Completed",
        "requestParameters": {
            "accept": "text/x",
            "contentType": "text/csv",
            "customAttributes": "a=b",
            "endpointName": "later",
            "inputLocation": INPUT,
        },
        "responseParameters": {
            "contentType": "text/x",
            "outputLocation": asked["OutputLocation"],
        },
        "inferenceId": "x/y",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def test_requests_of_the_same_id_have_answers_of_their_own(later: Asynchronous) -> None:
    one, two = (later.ask("later", InferenceId="same")["OutputLocation"] for _ in range(2))
    assert one != two
    assert read(later.account, one) == read(later.account, two)
    assert [later.told()["inferenceId"] for _ in range(2)] == ["same", "same"]


@pytest.mark.parametrize(
    ("body", "options", "reason", "stored"),
    [
        (b"500", {}, r"Received server error \(500\) from model\.", b"column Species is missing"),
        (b"400", {}, r"Received client error \(400\) from model\.", b"column Species is missing"),
        (b"slow", {"InvocationTimeoutSeconds": 1}, "did not answer within 1 seconds", b"ClientErr"),
        (None, {}, "Cannot read the input s3://iris/async/nothing: .*NoSuchKey", b"ClientErr"),
    ],
    ids=["fails", "refuses", "hangs", "no input"],
)
def test_a_failure_is_stored_and_told_of(
    later: Asynchronous, body: bytes | None, options: Any, reason: str, stored: bytes
) -> None:
    location = "s3://iris/async/nothing" if body is None else later.put(body.decode(), body)
    asked = later.ask("later", location, **options)
    assert read(later.account, asked["FailureLocation"]).startswith(stored)
    message = later.told()
    assert (message["invocationStatus"], message["inferenceId"]) == ("Failed", asked["InferenceId"])
    assert re.match(f"ClientError: .*{reason}", message["failureReason"])
    assert message["requestParameters"]["inputLocation"] == location
    assert "responseParameters" not in message
    with pytest.raises(later.account.s3.exceptions.NoSuchKey):
        later.account.s3.get_object(
            Bucket="iris", Key=asked["OutputLocation"].removeprefix("s3://iris/")
        )


def test_requests_wait_for_an_instance_and_metrics_say_so(asynchronous: Asynchronous) -> None:
    name = "asleep"
    asynchronous.serve(name)
    asynchronous.resize(name, 0)
    (variant,) = asynchronous.account.endpoint(name)["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 0
    asked = [asynchronous.ask(name) for _ in range(3)]
    settled(
        lambda: {"size": asynchronous.metric(name, "ApproximateBacklogSize")},
        lambda found: bool(found["size"] == 3),
    )
    assert asynchronous.metric(name, "HasBacklogWithoutCapacity") == 1
    asynchronous.resize(name, 1)
    for each in asked:
        assert read(asynchronous.account, each["OutputLocation"]) == b"Hello text/csv 1,2"
    assert [asynchronous.told()["invocationStatus"] for _ in asked] == ["Completed"] * 3
    assert asynchronous.metric(name, "TimeInBacklog", VariantName="only") > 10_000
    assert asynchronous.metric(name, "ApproximateBacklogSizePerInstance", "Minimum") == 0
    assert asynchronous.metric(name, "HasBacklogWithoutCapacity", "Minimum") == 0


def test_of_the_metrics_of_invocations_only_those_that_aws_has_are_there(
    later: Asynchronous,
) -> None:
    read(later.account, later.ask("later")["OutputLocation"])
    assert later.told()["invocationStatus"] == "Completed"
    assert later.metric("later", "ModelLatency", VariantName="only") > 0
    dimensions = [{"Name": "EndpointName", "Value": "later"}]
    found = later.account.aws.client("cloudwatch").list_metrics(Dimensions=dimensions)["Metrics"]
    assert {metric["MetricName"] for metric in found} == {
        "ApproximateBacklogSize",
        "ApproximateBacklogSizePerInstance",
        "HasBacklogWithoutCapacity",
        "Invocation4XXErrors",
        "Invocation5XXErrors",
        "ModelLatency",
        "TimeInBacklog",
    }


def test_what_waits_outlives_an_update(asynchronous: Asynchronous) -> None:
    account = asynchronous.account
    asynchronous.serve("patient")
    asynchronous.resize("patient", 0)
    asked = asynchronous.ask("patient")
    configure_with(account, "patient-2", {"only": "Ciao"}, **asynchronous.config())
    update(account, "patient", "patient-2")
    assert read(account, asked["OutputLocation"]) == b"Ciao text/csv 1,2"
    asynchronous.told()


def test_a_deleted_endpoint_takes_its_backlog_with_it(asynchronous: Asynchronous) -> None:
    account = asynchronous.account
    asynchronous.serve("short")
    asynchronous.resize("short", 0)
    asked = asynchronous.ask("short")
    account.sagemaker.delete_endpoint(EndpointName="short")
    with pytest.raises(ClientError, match="Could not find endpoint"):
        account.endpoint("short")
    time.sleep(1)  # of what it was about to publish
    published = asynchronous.metric("short", "ApproximateBacklogSize", "SampleCount")
    time.sleep(1.5)  # in which there would be another one
    assert asynchronous.metric("short", "ApproximateBacklogSize", "SampleCount") == published
    account.sagemaker.create_endpoint(EndpointName="short", EndpointConfigName="short")
    account.endpoint("short")
    other = asynchronous.ask("short")
    assert read(account, other["OutputLocation"])
    assert asynchronous.told()["inferenceId"] == other["InferenceId"]
    with pytest.raises(account.s3.exceptions.NoSuchKey):
        account.s3.get_object(Bucket="iris", Key=asked["OutputLocation"].removeprefix("s3://iris/"))


def test_an_endpoint_is_asked_in_its_own_way_only(later: Asynchronous) -> None:
    later.account.serve("now", only="Hello")
    for call, request, message in (
        ("invoke_endpoint", {"EndpointName": "later", "Body": b"1"}, "InvokeEndpointAsync"),
        ("invoke_endpoint_async", {"EndpointName": "now", "InputLocation": INPUT}, "Endpoint now"),
        ("invoke_endpoint_async", {"EndpointName": "nobody", "InputLocation": INPUT}, "not found"),
    ):
        with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
            getattr(later.account.runtime, call)(**request)
    with pytest.raises(ClientError, match="must be at least 1, found 0"):
        later.resize("now", 0)
    (variant,) = later.account.endpoint("now")["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 1
