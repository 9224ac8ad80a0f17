"""What the stacks tell the scripts of the dev host: the jobs of each model, and the API's URL."""

import json
from typing import Any

import pytest

from tests.stacks.api_requests import resolved
from tests.stacks.conftest import Synth


def _jobs(synth: Synth, workload: str) -> dict[str, Any]:
    """The models of an entry, with the type and the attribute of each resource that names a job."""
    entry = synth.parameter(f"/sagestack/jobs/{workload}")
    resources = synth.template(f"sagestack-{workload}")["Resources"]

    def said(value: Any) -> str:
        match value:
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(said(part) for part in parts)
            case {"Fn::GetAtt": [logical_id, attribute]}:
                properties = resources[logical_id]["Properties"]
                return f"{properties['JobType']}.{attribute}"
            case _:
                return str(value)

    models: dict[str, Any] = json.loads(said(entry["Properties"]["Value"]))["models"]
    return models


def test_a_trained_model_has_its_job_and_no_evaluation_where_the_workload_has_none(
    synth: Synth,
) -> None:
    assert _jobs(synth, "iris-mars") == {"mars": {"training_job": "TrainingJob.JobName"}}


def test_a_tuned_model_has_the_best_of_its_training_jobs_and_its_evaluation(synth: Synth) -> None:
    assert _jobs(synth, "iris-tuned") == {
        "mars": {
            "training_job": "HyperParameterTuningJob.TrainingJobName",
            "evaluation_job": "ProcessingJob.JobName",
        }
    }


def test_a_model_whose_artifact_is_given_is_in_no_entry(synth: Synth) -> None:
    models = _jobs(synth, "everything")
    assert "given" not in models
    assert models


def test_the_evaluation_is_that_of_the_new_model_not_of_the_one_that_served(synth: Synth) -> None:
    entry = json.dumps(synth.parameter("/sagestack/jobs/iris-tuned")["Properties"]["Value"])
    assert "EvaluationCandidate" in entry
    assert "EvaluationServing" not in entry


def test_the_jobs_are_named_when_what_they_made_has_answered(synth: Synth) -> None:
    entry = synth.parameter("/sagestack/jobs/iris-mars")
    resources = synth.template("sagestack-iris-mars")["Resources"]
    assert "Custom::SageMakerEndpointCheck" in {
        resources[logical_id]["Type"] for logical_id in entry["DependsOn"]
    }


@pytest.mark.parametrize("kind", ["jobs", "api"])
def test_the_proxy_takes_none_of_it_for_a_workload(synth: Synth, kind: str) -> None:
    names = [
        parameter["Properties"]["Name"] for parameter in synth.resources("AWS::SSM::Parameter")
    ]
    assert any(name.startswith(f"/sagestack/{kind}/") for name in names)
    assert all(
        len(name.split("/")) == 4 for name in names if name.startswith("/sagestack/workloads/")
    )


def test_an_entry_may_take_more_than_4_kilobytes(synth: Synth) -> None:
    assert synth.parameter("/sagestack/jobs/iris-mars")["Properties"]["Tier"] == (
        "Intelligent-Tiering"
    )


def test_the_url_of_the_api_is_that_of_its_output(synth: Synth) -> None:
    url = synth.parameter("/sagestack/api/url")["Properties"]["Value"]
    assert url == synth.template("sagestack-api")["Outputs"]["ApiUrl"]["Value"]
    assert resolved(url).startswith("https://name-1.execute-api.")
