"""What a deploy left of a workload is found by its stack's outputs."""

import json
from pathlib import Path

import pytest

from cli.jobs import TRAINING, TUNING
from environments.loading import load_settings
from local.cdk_cli import ROOT
from local.results import Results
from tests.cli.conftest import Terminal
from tests.cli.fake_aws import FakeAws
from workloads.schema import ShadowVariant, Workload

WORKLOADS = {workload.name: workload for workload in load_settings(ROOT).workloads}
TUNED, TRAINED = WORKLOADS["iris-tuned"], WORKLOADS["iris-mars"]


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


def _results(aws: FakeAws, workload: Workload, **outputs: str) -> Results:
    name = f"app-{workload.name}"
    aws.stacks[name] = {"EndpointName": name, **outputs}
    return Results(aws.account, "app", workload)


def _evaluated(aws: FakeAws, workload: Workload, **outputs: str) -> Results:
    """With an evaluation of each model."""
    folders = {}
    for at, model in enumerate(workload.models, start=1):
        about = "".join(part.capitalize() for part in model.split("-"))
        folders[f"{about}Evaluation"] = f"s3://data/evaluations/{model}"
        metrics = {"rmse": at + 0.1234567890123, "levels": ["setosa"]}
        evaluation = json.dumps({"metrics": metrics}).encode()
        aws.objects[f"evaluations/{model}/evaluation.json"] = evaluation
        aws.objects[f"evaluations/{model}/report.png"] = b"a picture of %d" % at
    return _results(aws, workload, **folders, **outputs)


def test_metrics_are_those_of_the_evaluation_with_all_digits(aws: FakeAws) -> None:
    results = _evaluated(aws, TUNED)
    assert results.metrics() == {("mars", "rmse"): 1.1234567890123}
    assert results.told() == "iris-tuned: mars rmse 1.12346"


def test_of_several_models_each_has_its_own(aws: FakeAws, tmp_path: Path) -> None:
    models = {"gam": TUNED.models["mars"], "mars-2": TUNED.models["mars"]}
    results = _evaluated(aws, TUNED.model_copy(update={"models": models}))
    assert results.metrics() == {
        ("gam", "rmse"): 1.1234567890123,
        ("mars-2", "rmse"): 2.1234567890123,
    }
    reports = results.fetch_reports(tmp_path / "build")
    assert {report.name: report.read_bytes() for report in reports} == {
        "iris-tuned-gam-report.png": b"a picture of 1",
        "iris-tuned-mars-2-report.png": b"a picture of 2",
    }


def test_an_evaluation_need_not_have_a_picture(aws: FakeAws, tmp_path: Path) -> None:
    results = _evaluated(aws, TUNED)
    (report,) = results.fetch_reports(tmp_path)
    assert report == tmp_path / "iris-tuned-report.png"
    del aws.objects["evaluations/mars/report.png"]
    assert results.fetch_reports(tmp_path) == []


def test_without_an_evaluation_metrics_are_those_of_the_validation(
    aws: FakeAws, tmp_path: Path
) -> None:
    metrics = [
        {"MetricName": "train:rmse", "Value": 0.1},
        {"MetricName": "validation:rmse", "Value": 0.2},
        {"MetricName": "seconds", "Value": 3.0},
    ]
    output = {"S3OutputPath": "s3://data/iris-mars/models/mars"}
    aws.add(TRAINING, "job-1", OutputDataConfig=output, FinalMetricDataList=metrics)
    results = _results(aws, TRAINED, TrainingJobs="job-1")
    assert results.metrics() == {("mars", "rmse"): 0.2}
    assert results.hyperparameters() == {}
    assert results.fetch_reports(tmp_path) == []


def test_a_model_that_was_given_has_no_metrics(aws: FakeAws) -> None:
    results = _results(aws, TRAINED)
    assert results.metrics() == {}
    assert results.told() is None


def test_what_a_tuning_chose_and_tried_is_told(aws: FakeAws) -> None:
    terminal = Terminal()
    chosen = {"degree": "1", "penalty": "2.5"}
    results = _results(aws, TUNED, TrainingJobs="t-2", MarsHyperParameters=json.dumps(chosen))
    assert results.hyperparameters() == {("mars", "degree"): "1", ("mars", "penalty"): "2.5"}

    objective = {"Type": "Minimize", "MetricName": "validation:rmse"}
    config = {"Strategy": "Bayesian", "HyperParameterTuningJobObjective": objective}
    tuning = aws.add(TUNING, "app-tuning", HyperParameterTuningJobConfig=config)
    output = {"S3OutputPath": "s3://data/iris-tuned/models/mars"}
    arn = tuning["HyperParameterTuningJobArn"]
    aws.add(TRAINING, "t-2", OutputDataConfig=output, TuningJobArn=arn)
    for name, value in (("t-1", 0.4), ("t-2", 0.3)):
        metric = {"MetricName": "validation:rmse", "Value": value}
        aws.trials.append(
            {
                "TrainingJobName": name,
                "TrainingJobStatus": "Completed",
                "TunedHyperParameters": chosen,
                "FinalHyperParameterTuningJobObjectiveMetric": metric,
            }
        )
    results.show_tunings(terminal.console)
    assert [line.split() for line in terminal.lines] == [
        ["app-iris-tuned:", "2", "models", "trained,", "the", "best", "one", "serves"],
        ["training", "job", "status", "degree", "penalty", "validation:rmse"],
        ["t-2", "Completed", "1", "2.5", "0.3"],
        ["t-1", "Completed", "1", "2.5", "0.4"],
    ]


def test_without_a_tuning_nothing_is_told(aws: FakeAws) -> None:
    terminal = Terminal()
    _results(aws, TRAINED).show_tunings(terminal.console)
    assert terminal.text == ""


def test_the_image_is_that_of_the_first_variant_that_is_built_here(aws: FakeAws) -> None:
    (variant,) = TRAINED.variants
    (mars,) = TRAINED.models.values()
    image = mars.image.model_copy(update={"container": None, "builtin": "xgboost"})
    workload = TRAINED.model_copy(
        update={
            "models": {"xgboost": mars.model_copy(update={"image": image}), "mars": mars},
            "variants": (
                variant.model_copy(update={"name": "a", "model": "xgboost"}),
                variant.model_copy(update={"name": "b", "model": "mars"}),
            ),
        }
    )
    aws.variants = {"a": "the-booster", "b": "the-line"}
    assert _results(aws, workload).image() == "image-of-the-line"
    others = workload.model_copy(update={"variants": workload.variants[:1]})
    assert _results(aws, others).image() is None
    shadow = ShadowVariant(name="b", model="mars")
    aws.shadows = {"b"}
    assert _results(aws, others.model_copy(update={"shadow_variant": shadow})).image() == (
        "image-of-the-line"
    )
