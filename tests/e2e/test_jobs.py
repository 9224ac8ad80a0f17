"""Tuning, evaluation, quality gate and batch transform in one deploy: MARS on a split of iris."""

import csv
import json
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cli.api_client import Answer
from local.cdk_cli import CdkError
from local.leftovers import leftovers
from tests.e2e.conftest import App, project

WORKLOAD, MODEL = "iris-tuned", "mars"
BY_HAND = """
suppressPackageStartupMessages(library(mda))
arguments <- commandArgs(TRUE)
tuned <- jsonlite::fromJSON(arguments[[1]])
read <- function(name) read.csv(file.path(arguments[[2]], name), stringsAsFactors = TRUE)
train <- read("train.csv")
test <- read("test.csv")
design <- function(table) model.matrix(~ ., table[setdiff(names(table), "Sepal.Length")])[, -1]
x <- design(train)
model <- mars(x, train$Sepal.Length, degree = as.integer(tuned$degree),
              penalty = as.numeric(tuned$penalty))
predicted <- as.vector(predict(model, design(test)[, colnames(x)]))
cat(jsonlite::toJSON(list(predicted = predicted, actual = test$Sepal.Length), digits = NA))
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        app.bootstrap()
        app.deploy()
        yield app


@dataclass(frozen=True)
class Expected:
    """The 30 held-out irises, with what MARS predicts for them when it is called by hand."""

    predicted: list[float]
    actual: list[float]

    @property
    def rmse(self) -> float:
        squares = [(a - p) ** 2 for a, p in zip(self.actual, self.predicted, strict=True)]
        return float((sum(squares) / len(squares)) ** 0.5)


@pytest.fixture(scope="module")
def expected(app: App) -> Expected:
    """By hand in R, with the hyperparameters that the tuning found."""
    tuned = app.output("MarsHyperParameters")
    data = app.root / "workloads" / "data" / "iris"
    done = subprocess.run(
        ["Rscript", "-e", BY_HAND, tuned, str(data)], capture_output=True, text=True, check=True
    )
    return Expected(**json.loads(done.stdout))


def tuning(app: App) -> dict[str, Any]:
    """The latest tuning job."""
    sagemaker = app.aws.client("sagemaker")
    listed = sagemaker.list_hyper_parameter_tuning_jobs(SortBy="CreationTime")
    (name, *_) = (
        job["HyperParameterTuningJobName"] for job in listed["HyperParameterTuningJobSummaries"]
    )
    description: dict[str, Any] = sagemaker.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return description


def training_jobs(app: App) -> list[dict[str, Any]]:
    sagemaker = app.aws.client("sagemaker")
    return [sagemaker.describe_training_job(TrainingJobName=name) for name in app.jobs()]


def object_at(app: App, s3_uri: str) -> bytes:
    bucket, _, key = s3_uri.removeprefix("s3://").partition("/")
    content: bytes = app.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def test_the_tuning_ran_its_jobs_in_parallel_up_to_the_limit_and_inside_the_ranges(
    app: App,
) -> None:
    jobs = training_jobs(app)
    assert [job.get("FailureReason") for job in jobs] == [None] * 6
    assert [job["TrainingJobStatus"] for job in jobs] == ["Completed"] * 6
    for job in jobs:
        assert int(job["HyperParameters"]["degree"]) in (1, 2, 3)
        assert 0.5 <= float(job["HyperParameters"]["penalty"]) <= 6
        assert len(job["TrainingJobName"]) <= 63
    assert len({job["HyperParameters"]["penalty"] for job in jobs}) == 6
    running = most_at_once([(job["CreationTime"], job["TrainingEndTime"]) for job in jobs])
    assert running == 2


def most_at_once(spans: list[tuple[Any, Any]]) -> int:
    """How many of the time spans overlap at most."""
    changes = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    running = [0]
    for _, change in changes:
        running.append(running[-1] + change)
    return max(running)


def test_the_best_training_job_is_the_model_and_an_output(app: App) -> None:
    objectives = {
        job["TrainingJobName"]: metric["Value"]
        for job in training_jobs(app)
        for metric in job["FinalMetricDataList"]
        if metric["MetricName"] == "validation:rmse"
    }
    best = app.output("TrainingJobs")
    assert objectives[best] == min(objectives.values())  # several may be as good
    metric, value = app.output("MarsObjective").split(" = ")
    assert metric == "validation:rmse"
    assert float(value) == pytest.approx(objectives[best], rel=1e-5)
    job = app.aws.client("sagemaker").describe_training_job(TrainingJobName=best)
    tuned = json.loads(app.output("MarsHyperParameters"))
    assert tuned.items() <= job["HyperParameters"].items()
    (model,) = app.aws.client("sagemaker").list_models()["Models"]
    described = app.aws.client("sagemaker").describe_model(ModelName=model["ModelName"])
    assert (
        described["PrimaryContainer"]["ModelDataUrl"] == job["ModelArtifacts"]["S3ModelArtifacts"]
    )


def test_the_names_of_tuning_jobs_fit_32_characters(app: App) -> None:
    assert len(tuning(app)["HyperParameterTuningJobName"]) <= 32


def test_the_evaluation_is_that_of_mars_called_by_hand(app: App, expected: Expected) -> None:
    folder = app.output("MarsEvaluation")
    evaluation = json.loads(object_at(app, f"{folder}/evaluation.json"))
    assert evaluation["metrics"]["rmse"] == pytest.approx(expected.rmse, abs=1e-9)
    assert json.loads(app.output("MarsMetrics"))["rmse"] == pytest.approx(expected.rmse, rel=1e-3)
    rows = list(csv.DictReader(object_at(app, f"{folder}/predictions.csv").decode().splitlines()))
    predicted = [float(row["prediction"]) for row in rows]
    assert predicted == pytest.approx(expected.predicted, abs=1e-9)


def test_the_report_is_a_picture(app: App) -> None:
    png = object_at(app, f"{app.output('MarsEvaluation')}/report.png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (1600, 800)


def test_the_transform_joins_each_row_with_its_prediction(app: App, expected: Expected) -> None:
    output = object_at(app, f"{app.output('TransformOutput')}/new.csv.out").decode().splitlines()
    rows = (app.root / "workloads" / "data" / "iris" / "new.csv").read_text().splitlines()
    assert [line.rpartition(",")[0] for line in output] == rows
    predicted = [float(line.rpartition(",")[2]) for line in output]
    assert predicted == pytest.approx(expected.predicted, abs=1e-9)


class Caller:
    """Asks the API every 100 ms, on a thread of its own, until it is left."""

    def __init__(self, app: App) -> None:
        self.answers: list[Answer] = []
        self._api = app.api
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._call)

    def _call(self) -> None:
        due = time.monotonic()
        while not self._left.wait(max(0.0, due - time.monotonic())):
            due += 0.1
            self.answers.append(
                self._api.post(
                    f"/workloads/{WORKLOAD}/invocations",
                    b"Sepal.Width,Petal.Length,Petal.Width,Species\n3.5,1.4,0.2,setosa\n",
                    content_type="text/csv",
                )
            )

    def __enter__(self) -> "Caller":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()


def test_a_breach_of_the_gate_fails_with_the_figures_and_the_old_model_answers_all_the_way(
    app: App,
) -> None:
    endpoint = app.endpoint()
    # three terms cannot follow the data: a worse model, that breaches both bounds
    app.edit(r"hyperparameters = \{", "hyperparameters = { nk = 3, thresh = 0.9, ")
    with Caller(app) as caller, pytest.raises(CdkError) as failure:
        app.deploy()
    told = " ".join(str(failure.value).split())
    assert "Quality gate of mars: rmse is " in told
    assert "allowed: at most 0.45" in told
    assert "the model now serving has" in told
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert app.endpoint()["EndpointConfigName"] == endpoint["EndpointConfigName"]
    assert len(caller.answers) > 50
    assert {answer.status for answer in caller.answers} == {200}
    assert len({str(answer.json()["predictions"]) for answer in caller.answers}) == 1


def test_a_gate_on_a_metric_that_there_is_not_names_those_there_are(app: App) -> None:
    app.edit("nk = 3, thresh = 0.9, ", "")
    jobs = app.jobs()
    app.edit(r"(?m)^rmse = \{", "rsme = {")
    with pytest.raises(CdkError) as failure:
        app.deploy()
    told = " ".join(str(failure.value).split())
    assert "rsme" in told
    assert "rmse" in told
    assert app.jobs() == jobs
    app.edit(r"(?m)^rsme = \{", "rmse = {")


def test_an_objective_that_no_log_line_matches_is_told_with_the_last_of_them(app: App) -> None:
    app.edit(r'regex = "validation:rmse=', 'regex = "valuation:rmse=')
    with pytest.raises(CdkError) as failure:
        app.deploy()
    told = " ".join(str(failure.value).split())
    assert "valuation:rmse=" in told
    assert "validation:rmse=0." in told
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    app.edit(r'regex = "valuation:rmse=', 'regex = "validation:rmse=')


def test_destroy_leaves_nothing(app: App) -> None:
    app.deployment.destroy(print)
    assert leftovers(app.aws.client) == []
