"""Two models of the same data behind one endpoint, and weights that change while it answers."""

import csv
import json
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from math import sqrt
from typing import Any

import pytest

from local import by_hand
from local.cdk_cli import ROOT
from tests.e2e.conftest import App, project
from tests.e2e.traffic import Caller

WORKLOAD = "quakes"
LINEAR, XGBOOST = "linear", "xgboost"
REQUESTS, THREADS = 10_000, 8
QUAKE = b"4.8,562,-20.42,181.62"
PREDICTIONS = """
import json, sys
sys.argv = ["quakes.py"]
exec(open("workloads/by-hand/quakes.py").read())
print(json.dumps({"linear": linear.tolist(), "xgboost": predicted.tolist()}))
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        app.bootstrap()
        app.deploy()
        yield app


def rows() -> list[list[str]]:
    """Magnitude, depth, latitude and longitude of the earthquakes of the validation."""
    with (ROOT / "workloads" / "data" / "quakes" / "validation.csv").open(newline="") as file:
        return [row[1:] for row in csv.reader(file)]


@pytest.fixture(scope="module")
def expected() -> dict[str, list[float]]:
    """What each model predicts for them when it is called by hand."""
    done = subprocess.run(
        [by_hand.INTERPRETERS[".py"], "-c", PREDICTIONS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    predictions: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return predictions


def training_jobs(app: App) -> dict[str, dict[str, Any]]:
    """Each model's training job as DescribeTrainingJob has it."""
    sagemaker = app.aws.client("sagemaker")
    described = [
        sagemaker.describe_training_job(TrainingJobName=name)
        for name in app.output("TrainingJobs").split(",")
    ]
    return {
        model: job
        for model in (LINEAR, XGBOOST)
        for job in described
        if job["OutputDataConfig"]["S3OutputPath"].endswith(f"/models/{model}")
    }


def test_both_models_are_trained_each_by_its_own_image(app: App) -> None:
    jobs = training_jobs(app)
    assert {job["TrainingJobStatus"] for job in jobs.values()} == {"Completed"}
    images = {model: job["AlgorithmSpecification"]["TrainingImage"] for model, job in jobs.items()}
    assert images[XGBOOST] == (
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    )
    assert "/sagestack/sklearn:" in images[LINEAR]


def test_their_errors_on_the_validation_are_those_by_hand(app: App) -> None:
    told = by_hand.run(by_hand.FOLDER / "quakes.py", [LINEAR, XGBOOST], {}).metrics
    for model, job in training_jobs(app).items():
        metrics = {each["MetricName"]: each["Value"] for each in job["FinalMetricDataList"]}
        assert metrics["validation:rmse"] == pytest.approx(told[model, "rmse"], rel=1e-6)


@pytest.mark.parametrize("model", [LINEAR, XGBOOST])
def test_the_api_reaches_the_variant_that_is_asked_for(
    app: App, expected: dict[str, list[float]], model: str
) -> None:
    names = ["magnitude", "depth", "latitude", "longitude"]
    instances = [dict(zip(names, map(float, row), strict=True)) for row in rows()]
    answer = app.api.post(
        f"/workloads/{WORKLOAD}/variants/{model}/invocations",
        json.dumps({"instances": instances}).encode(),
        content_type="application/json",
    )
    assert answer.status == 200, answer.body
    assert answer.headers["x-invoked-production-variant"] == model
    assert answer.json()["variant"] == model
    assert answer.json()["predictions"] == pytest.approx(expected[model], rel=1e-9)
    assert answer.json()["model_version"] == model_name(app, model)


def model_name(app: App, variant: str) -> str:
    """The SageMaker Model that a variant of the endpoint serves."""
    sagemaker = app.aws.client("sagemaker")
    name = app.endpoint()["EndpointConfigName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    variants = {each["VariantName"]: each["ModelName"] for each in config["ProductionVariants"]}
    return str(variants[variant])


def test_a_sticky_key_meets_one_variant_and_all_of_them_meet_both(app: App) -> None:
    body = b"magnitude,depth,latitude,longitude\n" + QUAKE + b"\n"

    def met(key: str) -> str:
        path = f"/workloads/{WORKLOAD}/invocations"
        answer = app.api.post(path, body, content_type="text/csv", x_sticky_key=key)
        assert answer.status == 200, answer.body
        return answer.headers["x-invoked-production-variant"]

    first = {f"user-{number}": met(f"user-{number}") for number in range(20)}
    assert {key: met(key) for key in first} == first
    assert set(first.values()) == {LINEAR, XGBOOST}


@pytest.mark.parametrize("model", [LINEAR, XGBOOST])
def test_a_client_of_sagemaker_reaches_it_as_well(
    app: App, expected: dict[str, list[float]], model: str
) -> None:
    answer = app.aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=app.stack,
        TargetVariant=model,
        ContentType="text/csv",
        Body="\n".join(map(",".join, rows())).encode(),
    )
    assert answer["InvokedProductionVariant"] == model
    cells = answer["Body"].read().decode().replace("\n", ",").strip(",").split(",")
    assert list(map(float, cells)) == pytest.approx(expected[model], rel=1e-9)


def linear_or_xgboost(call: Caller) -> str:
    """Which variant answered; it did."""
    answer = call()
    assert answer.status == 200, answer.body
    float(answer.body)
    return answer.variant


def answered(app: App, requests: int) -> Counter[str]:
    """How many of the requests each variant answers; every one is answered."""

    def some(number: int) -> Counter[str]:
        with closing(Caller(app, QUAKE)) as call:
            return Counter(linear_or_xgboost(call) for _ in range(number))

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(some, [requests // THREADS] * THREADS), Counter[str]())


def assert_split(app: App, share: float) -> None:
    """Assert that the linear model answers its share, within three standard deviations."""
    counted = answered(app, REQUESTS)
    assert counted.total() == REQUESTS
    deviation = sqrt(REQUESTS * share * (1 - share))
    assert abs(counted[LINEAR] - REQUESTS * share) <= 3 * deviation, counted


@contextmanager
def asking(app: App) -> Iterator[Callable[[], Counter[str]]]:
    """Ask without a pause while the block runs; what it yields tells who answered until now."""
    counted: Counter[str] = Counter()
    ended = threading.Event()

    def ask() -> None:
        with closing(Caller(app, QUAKE)) as call:
            while not ended.is_set():
                counted[linear_or_xgboost(call)] += 1

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        try:
            yield counted.copy
        finally:
            ended.set()
        asked.result()


def lasting(app: App) -> dict[str, Any]:
    """What an update of the weights leaves as it is: names, ARNs, times and model servers."""
    sagemaker = app.aws.client("sagemaker")
    endpoint = app.endpoint()
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    models = [
        sagemaker.describe_model(ModelName=variant["ModelName"])
        for variant in config["ProductionVariants"]
    ]
    streams = app.aws.client("logs").describe_log_streams(
        logGroupName=f"/aws/sagemaker/Endpoints/{app.stack}"
    )["logStreams"]
    return {
        "endpoint": (endpoint["EndpointArn"], endpoint["CreationTime"]),
        "models": [(model["ModelArn"], model["CreationTime"]) for model in models],
        "jobs": {job["TrainingJobArn"]: job["CreationTime"] for job in training_jobs(app).values()},
        "all jobs": app.jobs(),
        "model servers": sorted(stream["logStreamName"] for stream in streams),
    }


def test_requests_are_split_by_the_weights_before_and_after_an_update_in_place(app: App) -> None:
    assert_split(app, share=0.75)
    before = lasting(app)
    config = app.endpoint()["EndpointConfigName"]
    app.edit("weight = 3", "weight = 10")
    app.edit("weight = 1 *\n", "weight = 3\n")
    app.edit("weight = 10", "weight = 1")
    with asking(app) as counted:
        app.deploy()
        assert counted().total() > 100
    assert app.endpoint()["EndpointConfigName"] != config
    assert app.endpoint()["EndpointStatus"] == "InService"
    assert lasting(app) == before
    assert_split(app, share=0.25)
