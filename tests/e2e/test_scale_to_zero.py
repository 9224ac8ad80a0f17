"""An asynchronous endpoint that has no machine while nobody asks, and gets one for a request."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.conftest import App, project

WORKLOAD, VARIANT = "iris-mars", "mars"
SETTINGS = """
name = "mars"
instance_type = "ml.m5.large"

[variants.autoscaling]
min_capacity = 0
max_capacity = 2
backlog_per_instance = 1
scale_in_cooldown = 0
scale_out_cooldown = 0

[async_inference]
notify = true

"""
CSV = b"Sepal.Width,Petal.Length,Petal.Width,Species\n2.9,4.3,1.3,versicolor\n"
IN_LINE = 75
"""Which of the 150 irises that is, from 1."""
SECONDS = 600
"""Two minutes of metrics have to pass, and a machine has to start; a failure alone takes this."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        app.edit(r"(?sm)^\[\[variants\]\].*?(?=# What a client)", f"[[variants]]{SETTINGS}")
        app.bootstrap()
        app.deploy()
        yield app


def eventually(look: Callable[[], Any], what: str) -> Any:
    """What `look` returns as soon as it is something."""
    deadline = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


def instances(app: App) -> int:
    (variant,) = app.endpoint()["ProductionVariants"]
    assert variant["VariantName"] == VARIANT
    return int(variant["CurrentInstanceCount"])


def until_instances(app: App, count: int) -> None:
    eventually(lambda: instances(app) == count, f"there were never {count} instances")


@pytest.fixture(scope="module")
def told(app: App) -> Callable[[], dict[str, Any] | None]:
    """Give what the topic of answers has told of since, a message at a time."""
    sqs = app.aws.client("sqs")
    queue = sqs.create_queue(QueueName="answers")["QueueUrl"]
    topic = app.output("AsyncSuccessTopic")
    of_queue = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = of_queue["Attributes"]["QueueArn"]
    from_topic = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [from_topic]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    app.aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def receive() -> dict[str, Any] | None:
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            told: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
            return told
        return None

    return receive


def test_without_a_backlog_there_is_no_machine(app: App) -> None:
    until_instances(app, 0)
    assert app.endpoint()["EndpointStatus"] == "InService"


def test_a_request_gets_a_machine_and_its_answer_which_a_message_tells_of(
    app: App,
    told: Callable[[], dict[str, Any] | None],
    by_hand: Callable[[int], list[float]],
) -> None:
    place = app.output("AsyncInput")
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    key = f"{prefix.rstrip('/')}/flower.csv"
    s3 = app.aws.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=CSV)
    asked = app.aws.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=app.stack, ContentType="text/csv", InputLocation=f"s3://{bucket}/{key}"
    )
    message = eventually(told, "no message came")
    assert message["invocationStatus"] == "Completed"
    assert message["inferenceId"] == asked["InferenceId"]
    location = message["responseParameters"]["outputLocation"]
    assert location == asked["OutputLocation"]
    key = location.removeprefix(f"s3://{bucket}/")
    answer = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert answer["predictions"] == pytest.approx([by_hand(2)[IN_LINE - 1]], abs=1e-12)


def test_then_the_machine_goes_again(app: App) -> None:
    until_instances(app, 0)
    done = app.aws.client("application-autoscaling").describe_scaling_activities(
        ServiceNamespace="sagemaker", ResourceId=f"endpoint/{app.stack}/variant/{VARIANT}"
    )["ScalingActivities"]
    found = [
        (re.sub(r"\D", "", activity["Description"]), activity["Cause"].rpartition("/")[2])
        for activity in reversed(done)
    ]
    # there was the one that the deploy's own request was answered by
    assert found == [("0", "target-tracking"), ("1", "from-zero"), ("0", "target-tracking")]
