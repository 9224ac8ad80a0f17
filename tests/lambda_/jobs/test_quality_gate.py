"""A model whose metrics are out of bounds goes no further, and every figure is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import quality_gate
from jobs.events import Event, Progress
from jobs.quality_gate import QualityGateError

from .fake_aws import STACK_ID, FakeAws
from .job_events import stringified

FRESH = "s3://data/iris/evaluations/mars/fresh"
SERVING = "s3://data/iris/evaluations/mars/serving"
FIGURES = {"rmse": 0.31, "mae": 0.22, "r2": 0.87}


def gate(**bounds: dict[str, Any]) -> Any:
    return {
        "RequestType": "Update",
        "RequestId": "r1",
        "StackId": STACK_ID,
        "LogicalResourceId": "MarsGate",
        "ResourceType": "Custom::SageMakerQualityGate",
        "ResourceProperties": stringified(
            {
                "ModelName": "mars",
                "EvaluationS3Uri": FRESH,
                "ServingEvaluationS3Uri": SERVING,
                "Bounds": bounds,
            }
        ),
    }


def found(aws: FakeAws, metrics: object, folder: str = FRESH) -> None:
    """Let an evaluation have found these metrics."""
    aws.objects[f"{folder}/evaluation.json"] = json.dumps({"metrics": metrics, "rows": 30}).encode()


def passes(aws: FakeAws, event: Event) -> Progress:
    return quality_gate.is_complete(event, aws.clients)


def refusal(aws: FakeAws, event: Event) -> str:
    with pytest.raises(QualityGateError) as caught:
        passes(aws, event)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _updating(aws: FakeAws) -> None:
    aws.stack_status = "UPDATE_IN_PROGRESS"
    found(aws, FIGURES)
    found(aws, FIGURES, SERVING)


def test_every_figure_that_is_out_of_bounds_is_told(aws: FakeAws) -> None:
    found(aws, {"rmse": 0.52, "r2": 0.41, "mae": 0.3})
    found(aws, {"rmse": 0.38}, SERVING)
    event = gate(
        rmse={"Max": 0.45, "NotWorseThanServing": True, "Tolerance": 0.02},
        r2={"Min": 0.6},
        mae={"Max": 0.3},
    )
    assert refusal(aws, event) == (
        "Quality gate of mars: rmse is 0.52, allowed: at most 0.45; "
        "r2 is 0.41, allowed: at least 0.6; "
        "rmse is 0.52, the model now serving has 0.38 (tolerance 0.02)\n"
        f"Its evaluation: {FRESH}"
    )


def test_a_good_model_passes_with_its_metrics(aws: FakeAws) -> None:
    found(aws, {"rmse": 1 / 3, "r2": 1, "target": "Sepal.Length", "max_error": None, "x": True})
    assert passes(aws, gate(rmse={"Max": 0.45}, r2={"Min": 0.6})) == {
        "IsComplete": True,
        "Data": {"Metrics": '{"r2": 1.0, "rmse": 0.333333}'},
    }


def test_an_evaluation_without_a_gate_only_tells_its_metrics(aws: FakeAws) -> None:
    event = gate()
    del event["ResourceProperties"]["Bounds"]
    assert json.loads(passes(aws, event)["Data"]["Metrics"]) == FIGURES


def test_both_ends_of_a_bound_are_told(aws: FakeAws) -> None:
    event = gate(rmse={"Min": 0.4, "Max": 0.5})
    assert "rmse is 0.31, allowed: at least 0.4 and at most 0.5" in refusal(aws, event)


@pytest.mark.parametrize(
    ("metric", "bound", "serving", "allowed"),
    [
        ("rmse", {"Max": 9}, 0.3, False),
        ("rmse", {"Max": 9}, 0.31, True),
        ("rmse", {"Max": 9}, 0.4, True),
        ("rmse", {"Max": 9, "Tolerance": 0.02}, 0.29, True),
        ("rmse", {"Max": 9, "Tolerance": 0.02}, 0.28, False),
        ("r2", {"Min": 0}, 0.88, False),
        ("r2", {"Min": 0}, 0.87, True),
        ("r2", {"Min": 0}, 0.5, True),
        ("r2", {"Min": 0, "Tolerance": 0.02}, 0.89, True),
        ("r2", {"Min": 0, "Tolerance": 0.02}, 0.9, False),
    ],
)
def test_worse_is_above_a_maximum_and_below_a_minimum(
    aws: FakeAws, metric: str, bound: dict[str, float], serving: float, *, allowed: bool
) -> None:
    found(aws, {metric: serving}, SERVING)
    event = gate(**{metric: {**bound, "NotWorseThanServing": True}})
    if allowed:
        assert passes(aws, event)["IsComplete"]
    else:
        assert f"the model now serving has {serving}" in refusal(aws, event)


hundredths = st.integers(0, 10_000)


@given(serving=hundredths, tolerance=hundredths, better=hundredths)
def test_the_tolerance_is_meant_as_it_is_written(serving: int, tolerance: int, better: int) -> None:
    bound = quality_gate._Bound.of("rmse", {"Max": "1e9", "Tolerance": f"{tolerance / 100}"})
    most = (serving + tolerance) / 100
    assert bound.worse(most, serving / 100) is None
    assert bound.worse((serving - better) / 100, serving / 100) is None
    assert bound.worse(most + 0.01, serving / 100) is not None


@pytest.mark.parametrize("serving", ["", None])
def test_a_first_model_is_compared_with_none(aws: FakeAws, serving: str | None) -> None:
    event = gate(rmse={"Max": 9, "NotWorseThanServing": True})
    if serving is None:
        del event["ResourceProperties"]["ServingEvaluationS3Uri"]
    else:
        event["ResourceProperties"]["ServingEvaluationS3Uri"] = serving
    assert passes(aws, event)["IsComplete"]


def test_a_metric_that_is_compared_with_nothing_reads_nothing(aws: FakeAws) -> None:
    del aws.objects[f"{SERVING}/evaluation.json"]
    assert passes(aws, gate(rmse={"Max": 9}))["IsComplete"]


def test_an_unknown_metric_names_those_there_are(aws: FakeAws) -> None:
    event = gate(rsme={"Max": 9}, accuracy={"Min": 0})
    said = refusal(aws, event)
    assert "there is no metric rsme, did you mean rmse? (there are: mae, r2, rmse)" in said
    assert "there is no metric accuracy (there are: mae, r2, rmse)" in said


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "NA", True, [0.3]])
def test_a_metric_that_is_no_number_does_not_pass(aws: FakeAws, value: object) -> None:
    found(aws, {"rmse": value})
    said = refusal(aws, gate(rmse={"Max": 9, "NotWorseThanServing": True}))
    assert f"mars: rmse is {json.dumps(value)}, which is not a number\n" in said


@pytest.mark.parametrize("metrics", [{}, {"rmse": None}])
def test_what_cannot_be_compared_says_how_to_go_on(
    aws: FakeAws, metrics: dict[str, object]
) -> None:
    found(aws, metrics, SERVING)
    said = refusal(aws, gate(rmse={"Max": 9, "NotWorseThanServing": True}))
    assert "for the model now serving: deploy once without not_worse_than_serving" in said


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, f"{FRESH}/evaluation.json cannot be read: did the container's evaluate write "),
        (b"rmse: 0.3", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[1]", 'has no object "metrics"'),
        (b'{"rmse": 0.3}', 'has no object "metrics"'),
        (b'{"metrics": [0.3]}', 'has no object "metrics"'),
    ],
)
def test_an_evaluation_that_cannot_be_read_does_not_pass(
    aws: FakeAws, content: bytes | None, problem: str
) -> None:
    if content is None:
        aws.objects.clear()
    else:
        aws.objects[f"{FRESH}/evaluation.json"] = content
    assert problem in refusal(aws, gate())


def test_a_folder_may_end_in_a_slash(aws: FakeAws) -> None:
    event = gate()
    event["ResourceProperties"]["EvaluationS3Uri"] += "/"
    assert passes(aws, event)["IsComplete"]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
@pytest.mark.parametrize("evaluation", ["bad", "gone"])
def test_a_rollback_is_never_held_up(
    aws: FakeAws, status: str, evaluation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.stack_status = status
    if evaluation == "gone":
        aws.objects.clear()
    assert passes(aws, gate(rmse={"Max": 0.1}))["IsComplete"]
    reason = "at most 0.1" if evaluation == "bad" else "NoSuchKey"
    assert reason in json.loads(capsys.readouterr().out)["reason"]


def test_more_metrics_than_cloudformation_takes_are_cut(aws: FakeAws) -> None:
    found(aws, {f"metric-{n}": n for n in range(1000)})
    assert len(json.dumps(passes(aws, gate()), ensure_ascii=False)) < 2_000


def test_the_gate_is_named_after_its_model(aws: FakeAws) -> None:
    assert quality_gate.on_event(gate(), aws.clients) == {"PhysicalResourceId": "mars-quality-gate"}
