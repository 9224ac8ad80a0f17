"""The model that serves now is evaluated beside the candidate, where there is one to compare."""

from typing import Any

import pytest

from .fake_aws import FakeAws
from .job_events import IMAGE, complete, deliver, done, job_event, poll

KIND = "ProcessingJob"
CANDIDATE = "iris-mars-mars-1f0c2d3e-9a8b7c6d5e4f-2"
OLD = "s3://models/iris-mars-mars-1f0c2d3e-9a8b7c6d5e4f-1/output/model.tar.gz"
NOTHING = {"JobName": "", "JobArn": "", "OutputS3Uri": ""}
NONE = "iris-mars-mars-none"


def evaluation(request_id: str = "r1", **serving: Any) -> Any:
    endpoint = {"EndpointName": "iris", "VariantNames": ["mars"], "Candidate": CANDIDATE}
    properties = {"ServingModel": endpoint | serving}
    return job_event("Update", request_id, kind=KIND, properties=properties)


@pytest.fixture(autouse=True)
def _updating(aws: FakeAws) -> None:
    aws.stack_status = "UPDATE_IN_PROGRESS"


def evaluated(aws: FakeAws, name: str) -> tuple[str, dict[str, str]]:
    """The image and the inputs of an evaluation."""
    job = aws.jobs[name]
    inputs = {each["InputName"]: each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"]}
    return job["AppSpecification"]["ImageUri"], inputs


def test_the_serving_model_is_evaluated_with_its_own_image_and_artifact(aws: FakeAws) -> None:
    aws.serves("iris", "mars:0", OLD)
    name = deliver(aws, evaluation())
    assert evaluated(aws, name) == ("mars:0", {"model": OLD, "test": "s3://data/test"})
    complete(aws, name)
    assert poll(aws, evaluation(), name)["Data"]["OutputS3Uri"] == f"s3://data/evaluations/{name}"


def test_another_serving_model_is_evaluated_anew_and_the_same_one_is_not(aws: FakeAws) -> None:
    aws.serves("iris", IMAGE, OLD)
    first = done(aws, evaluation())
    assert deliver(aws, evaluation("r2", Candidate="another")) == first
    aws.serves("iris", IMAGE, OLD.replace("-1/", "-3/"))
    assert deliver(aws, evaluation("r3")) != first


@pytest.mark.parametrize("status", ["Creating", "Failed", "OutOfService", "Deleting"])
def test_an_endpoint_that_serves_nobody_has_nothing_to_compare(aws: FakeAws, status: str) -> None:
    aws.serves("iris", IMAGE, OLD, status)
    assert deliver(aws, evaluation()) == NONE


def test_a_first_deploy_has_nothing_to_compare(aws: FakeAws) -> None:
    event = evaluation()
    assert deliver(aws, event) == NONE
    assert poll(aws, event, NONE) == {"IsComplete": True, "Data": NOTHING}
    assert not aws.jobs


@pytest.mark.parametrize("status", ["InService", "Updating", "SystemUpdating", "RollingBack"])
def test_an_endpoint_that_changes_serves_still(aws: FakeAws, status: str) -> None:
    aws.serves("iris", IMAGE, OLD, status)
    assert evaluated(aws, deliver(aws, evaluation()))[1]["model"] == OLD


def test_of_several_variants_the_named_one_is_compared(aws: FakeAws) -> None:
    aws.serves("iris", IMAGE, OLD)
    other = {"VariantName": "linear", "ModelName": "linear", "InitialVariantWeight": 9.0}
    aws.endpoint_configs["iris-config"].append(other)
    aws.models["linear"] = {"Image": "linear:1", "ModelDataUrl": "s3://models/linear"}
    assert evaluated(aws, deliver(aws, evaluation()))[0] == IMAGE


@pytest.mark.parametrize("names", [["linear"], []])
def test_without_a_variant_of_that_name_the_heaviest_is_compared(
    aws: FakeAws, names: list[str]
) -> None:
    aws.serves("iris", IMAGE, OLD)
    canary = {"VariantName": "canary", "ModelName": "canary", "InitialVariantWeight": 0.1}
    aws.endpoint_configs["iris-config"].insert(0, canary)
    aws.models["canary"] = {"Image": "canary:1", "ModelDataUrl": "s3://models/canary"}
    assert evaluated(aws, deliver(aws, evaluation(VariantNames=names)))[0] == IMAGE


@pytest.mark.parametrize("training_job", [CANDIDATE, f"{CANDIDATE}-004-0a1b2c3d"])
def test_a_candidate_that_serves_already_is_not_compared_with_itself(
    aws: FakeAws, training_job: str
) -> None:
    event = evaluation()
    aws.serves("iris", IMAGE, OLD)
    done(aws, event)
    aws.serves("iris", IMAGE, f"s3://models/{training_job}/output/model.tar.gz")
    assert deliver(aws, event) == NONE  # a late copy, when the endpoint has been updated
    assert aws.statuses() == ["Completed"]


def test_an_artifact_that_serves_already_is_not_compared_with_itself(aws: FakeAws) -> None:
    given = "s3://models/elsewhere/output/model.tar.gz"
    aws.serves("iris", IMAGE, given)
    assert deliver(aws, evaluation(Candidate=given)) == NONE
    assert deliver(aws, evaluation("r2", Candidate=OLD)) in aws.jobs


def test_a_later_attempt_of_the_same_request_is_compared(aws: FakeAws) -> None:
    aws.serves("iris", IMAGE, f"s3://models/{CANDIDATE}0/output/model.tar.gz")
    assert deliver(aws, evaluation()) in aws.jobs


def test_a_rollback_compares_nothing_and_stops_what_was_compared(aws: FakeAws) -> None:
    aws.serves("iris", IMAGE, OLD)
    running = deliver(aws, evaluation())
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert deliver(aws, evaluation("r2")) == NONE
    assert aws.status(running) == "Stopping"
    assert len(aws.jobs) == 1


def test_the_evaluation_of_no_model_is_waited_for_by_nobody(aws: FakeAws) -> None:
    event = evaluation()
    assert poll(aws, event, deliver(aws, event), wait_until=0) == {
        "IsComplete": True,
        "Data": NOTHING,
    }
