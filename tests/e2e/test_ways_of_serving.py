"""Every way in which a workload can serve, deployed together and asked: shadow, serverless, later.

IAM is enforced, so that each role is shown to have what its way of serving takes.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from openapi_spec_validator import OpenAPIV31SpecValidator

from local.leftovers import leftovers
from tests.e2e.conftest import App, project

ByHand = Callable[[int], list[float]]
TIMEOUT = 300
CSV = b"Sepal.Width,Petal.Length,Petal.Width,Species\n2.9,4.3,1.3,versicolor\n"
IN_LINE = 75
"""Which of the 150 irises that is, from 1."""
SHADOWED, SERVERLESS, WAITING = "iris-mars", "iris-serverless", "iris-waiting"
INSTANCE = 'name = "mars"\ninstance_type = "ml.m5.large"\n'
VARIANTS = {
    SHADOWED: f'{INSTANCE}\n[shadow_variant]\nname = "next"\ninstance_type = "ml.m5.large"\n'
    "\n[data_capture]\n",
    SERVERLESS: 'name = "mars"\nserverless = { max_concurrency = 2 }\n',
    WAITING: f"{INSTANCE}\n[async_inference]\n",
}


# what test_guarded_updates.py has of instances alone; a serverless endpoint has no guard
GUARDS = {
    SHADOWED: '\n[deployment]\nstrategy = "CANARY"\nstep_percent = 50\nwait = 1\n',
    WAITING: '\n[deployment]\nstrategy = "ROLLING"\nstep_percent = 50\nwait = 1\n',
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, SHADOWED) as app:
        folder = app.root / "workloads"
        text = (folder / f"{SHADOWED}.toml").read_text()
        for name, variant in VARIANTS.items():
            named = text.replace(f'name = "{SHADOWED}"', f'name = "{name}"')
            served = re.sub(
                r"(?sm)^\[\[variants\]\].*?(?=# What a client)", f"[[variants]]\n{variant}\n", named
            )
            (folder / f"{name}.toml").write_text(served)
        app.bootstrap()
        app.deploy()
        yield app


@pytest.fixture(scope="module")
def waiting(app: App) -> App:
    """The workload whose requests wait in S3."""
    return replace(app, workload=WAITING)


def eventually(look: Callable[[], Any], what: str) -> Any:
    """What `look` returns as soon as it is something."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := look()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


def objects(app: App, uri: str) -> list[bytes]:
    """All that lies below an S3 URI."""
    s3 = app.aws.client("s3")
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed]


def test_a_serverless_endpoint_predicts_as_the_others_do(app: App, by_hand: ByHand) -> None:
    serverless = replace(app, workload=SERVERLESS)
    assert serverless.predictions() == pytest.approx(by_hand(2), abs=1e-12)
    (variant,) = serverless.endpoint()["ProductionVariants"]
    assert variant["CurrentServerlessConfig"]["MaxConcurrency"] == 2
    assert "CurrentInstanceCount" not in variant


def test_requests_are_copied_to_the_shadow_and_nobody_gets_its_answer(app: App) -> None:
    answer = app.api.post(f"/workloads/{SHADOWED}/invocations", CSV, content_type="text/csv")
    assert answer.status == 200
    assert answer.headers["x-invoked-production-variant"] == "mars"
    cloudwatch = app.aws.client("cloudwatch")

    def copied() -> Any:
        return cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": app.stack},
                {"Name": "VariantName", "Value": "next"},
            ],
            StartTime=time.time() - 600,
            EndTime=time.time() + 60,
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]

    eventually(copied, "the shadow variant was not asked")
    with pytest.raises(ClientError, match="next"):
        app.aws.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=app.stack, TargetVariant="next", ContentType="text/csv", Body=CSV
        )


def test_what_was_asked_and_answered_is_kept_as_model_monitor_reads_it(
    app: App, by_hand: ByHand
) -> None:
    app.api.post(f"/workloads/{SHADOWED}/invocations", CSV, content_type="text/csv")
    uri = app.output("DataCapture")

    def ours() -> list[dict[str, Any]]:
        lines = [json.loads(line) for file in objects(app, uri) for line in file.splitlines()]
        return [
            line["captureData"]
            for line in lines
            if line["captureData"]["endpointInput"]["data"] == CSV.decode()
        ]

    captured = eventually(ours, f"nothing was kept in {uri}")[0]
    assert captured["endpointInput"]["encoding"] == "CSV"
    assert captured["endpointOutput"]["encoding"] == "JSON"
    predicted = json.loads(captured["endpointOutput"]["data"])["predictions"]
    assert predicted == pytest.approx([by_hand(2)[IN_LINE - 1]], abs=1e-12)


def test_a_request_that_waits_in_s3_is_answered_there(waiting: App, by_hand: ByHand) -> None:
    place = waiting.output("AsyncInput")
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    key = f"{prefix.rstrip('/')}/flower.csv"
    waiting.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=CSV)
    asked = waiting.aws.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=waiting.stack, ContentType="text/csv", InputLocation=f"s3://{bucket}/{key}"
    )
    (answer,) = eventually(
        lambda: objects(waiting, asked["OutputLocation"]), "no answer came to S3"
    )
    predicted = json.loads(answer)["predictions"]
    assert predicted == pytest.approx([by_hand(2)[IN_LINE - 1]], abs=1e-12)


def test_the_api_takes_a_request_that_waits_and_has_its_answer_later(
    waiting: App, by_hand: ByHand
) -> None:
    path = f"/workloads/{WAITING}/async-invocations"
    refused = waiting.api.post(f"/workloads/{WAITING}/invocations", CSV, content_type="text/csv")
    assert refused.status == 409
    assert refused.json()["allowed"] == [f"POST {path}"]
    asked = waiting.api.post(path, CSV, content_type="text/csv")
    assert asked.status == 202, asked.body
    place = f"{path}/{asked.json()['id']}"
    assert asked.headers["location"] == place

    def answered() -> Any:
        answer = waiting.api.get(place)
        assert answer.status in (200, 202), answer.body
        return answer if answer.status == 200 else None

    answer = eventually(answered, "the API had no answer").json()
    assert answer["predictions"] == pytest.approx([by_hand(2)[IN_LINE - 1]], abs=1e-12)
    assert answer["variant"] == "mars"
    unknown = f"{place[:-12]}{'0' * 12}"
    assert waiting.api.get(unknown).status == 404
    assert waiting.api.get(f"{path}/input").status == 404


def test_the_document_has_every_route_that_is_deployed(app: App) -> None:
    document = app.api.get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    deployed = app.aws.client("apigateway")
    (api,) = deployed.get_rest_apis()["items"]
    resources = deployed.get_resources(restApiId=api["id"])["items"]
    routes = {(each["path"], way) for each in resources for way in each.get("resourceMethods", ())}
    names = "|".join(VARIANTS)
    documented = {
        (re.sub(rf"^/workloads/({names})(?=/|$)", "/workloads/{name}", path), way.upper())
        for path, operations in document["paths"].items()
        for way in operations
        if way != "parameters"
    }
    assert documented == routes


def test_a_new_model_of_each_takes_over_guarded_where_that_goes_and_passes_its_check(
    app: App, by_hand: ByHand
) -> None:
    before = [replace(app, workload=name).endpoint()["EndpointConfigName"] for name in VARIANTS]
    for name in VARIANTS:
        replace(app, workload=name).edit("degree = 2", "degree = 1")
        path = app.root / "workloads" / f"{name}.toml"
        path.write_text(path.read_text() + GUARDS.get(name, ""))
    app.deploy()
    after = [replace(app, workload=name).endpoint()["EndpointConfigName"] for name in VARIANTS]
    assert not set(before) & set(after)
    for name in (SHADOWED, SERVERLESS):
        predicted = replace(app, workload=name).predictions()
        assert predicted == pytest.approx(by_hand(1), abs=1e-12)


def test_destroy_leaves_nothing_of_any(app: App) -> None:
    app.deployment.destroy(print)
    assert leftovers(app.aws.client) == []
