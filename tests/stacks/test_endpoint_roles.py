"""What a model's role may do for its endpoint, beside loading the model."""

import pytest

from tests.stacks.conftest import Synth
from tests.stacks.policies import allowed

GUARDED, ASYNCHRONOUS = "sagestack-guarded", "sagestack-asynchronous"


def _logical_ids(synth: Synth, kind: str, stack: str) -> set[str]:
    """Of the endpoint's own resources of a type."""
    return {
        logical_id
        for logical_id, resource in synth.template(stack)["Resources"].items()
        if resource["Type"] == kind and logical_id.startswith("Endpoint")
    }


@pytest.mark.parametrize("model", ["champion", "challenger"])
def test_both_models_write_what_is_captured_and_read_none_of_it(synth: Synth, model: str) -> None:
    may = allowed(synth, GUARDED, f"Models{model}ServingRole")
    assert may["s3:PutObject"] == {"BUCKET/guarded/capture/*"}
    assert may["kms:GenerateDataKey"] == {"KEY"}
    assert may["s3:GetObject"] == {f"BUCKET/guarded/models/{model}/*"}
    assert "sns:Publish" not in may


@pytest.mark.parametrize("model", ["champion", "challenger"])
def test_both_models_look_at_the_alarms_that_roll_an_update_back(synth: Synth, model: str) -> None:
    may = allowed(synth, GUARDED, f"Models{model}ServingRole")
    alarms = _logical_ids(synth, "AWS::CloudWatch::Alarm", GUARDED)
    # a composite alarm of the user's own is described to those only who may describe all
    assert may["cloudwatch:DescribeAlarms"] == {*alarms, "*"}


def test_without_alarms_of_the_users_own_only_those_of_the_endpoint_are_looked_at(
    synth: Synth,
) -> None:
    may = allowed(synth, ASYNCHRONOUS, "ModelspatientServingRole")
    alarms = _logical_ids(synth, "AWS::CloudWatch::Alarm", ASYNCHRONOUS)
    assert may["cloudwatch:DescribeAlarms"] == alarms


def test_an_asynchronous_model_reads_requests_and_writes_and_tells_of_answers(
    synth: Synth,
) -> None:
    may = allowed(synth, ASYNCHRONOUS, "ModelspatientServingRole")
    ours = "BUCKET/asynchronous"
    assert may["s3:GetObject"] == {f"{ours}/models/patient/*", f"{ours}/async/input/*"}
    assert may["s3:PutObject"] == {f"{ours}/async/output/*", f"{ours}/async/failures/*"}
    assert may["sns:Publish"] == _logical_ids(synth, "AWS::SNS::Topic", ASYNCHRONOUS)
    assert len(may["sns:Publish"]) == 2
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):  # of the topics' messages as well
        assert may[action] == {"KEY"}


def test_a_model_that_only_answers_writes_nothing(synth: Synth) -> None:
    may = allowed(synth, "sagestack-a-b", "ModelssmallServingRole")
    assert not {"s3:PutObject", "sns:Publish", "cloudwatch:DescribeAlarms"} & may.keys()
