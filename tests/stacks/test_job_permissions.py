"""What the handlers of the job provider may do, on which jobs."""

from collections.abc import Callable

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from stacks.job_permissions import allow_following_jobs, allow_starting_jobs
from tests.stacks.conftest import Synth
from tests.stacks.policies import allowed, allowed_by

SHARED = "sagestack-shared"
ON_EVENT, IS_COMPLETE = "JobsOnEventRole", "JobsIsCompleteRole"
JOBS = "arn:aws:sagemaker:region:account:"
KINDS = {
    "TrainingJob": "training-job",
    "HyperParameterTuningJob": "hyper-parameter-tuning-job",
    "ProcessingJob": "processing-job",
    "TransformJob": "transform-job",
}


@pytest.mark.parametrize("handler", [ON_EVENT, IS_COMPLETE])
@pytest.mark.parametrize("kind", KINDS)
def test_both_handlers_follow_jobs_of_every_kind_of_this_app(
    synth: Synth, handler: str, kind: str
) -> None:
    may = allowed(synth, SHARED, handler)
    ours = f"{JOBS}{KINDS[kind]}/sagestack-*"
    assert may[f"sagemaker:Describe{kind}"] == {ours}
    assert may[f"sagemaker:Stop{kind}"] == {ours}
    assert may[f"sagemaker:List{kind}s"] == {"*"}
    assert ours in may["sagemaker:ListTags"]


@pytest.mark.parametrize("handler", [ON_EVENT, IS_COMPLETE])
def test_a_transform_job_cannot_be_deleted(synth: Synth, handler: str) -> None:
    may = allowed(synth, SHARED, handler)
    deleted = {action for action in may if action.startswith("sagemaker:Delete")}
    assert deleted == {f"sagemaker:Delete{kind}" for kind in KINDS if kind != "TransformJob"}


def test_one_handler_starts_jobs(synth: Synth) -> None:
    starter = allowed(synth, SHARED, ON_EVENT)
    for kind, resource in KINDS.items():
        model = {f"{JOBS}model/*"} if kind == "TransformJob" else set()
        assert starter[f"sagemaker:Create{kind}"] == {f"{JOBS}{resource}/sagestack-*", *model}
    waiter = allowed(synth, SHARED, IS_COMPLETE)
    assert not [action for action in waiter if action.startswith("sagemaker:Create")]
    assert "iam:PassRole" not in waiter


def test_logs_are_deleted_in_sagemakers_groups_and_read_in_that_of_training(synth: Synth) -> None:
    group = "arn:aws:logs:region:account:log-group:/aws/sagemaker"
    groups = {f"{group}/{kind}s:*" for kind in ("TrainingJob", "ProcessingJob", "TransformJob")}
    for handler in (ON_EVENT, IS_COMPLETE):
        may = allowed(synth, SHARED, handler)
        assert may["logs:DeleteLogStream"] == may["logs:DescribeLogStreams"] == groups
    assert may["logs:GetLogEvents"] == {f"{group}/TrainingJobs:*"}


def test_evaluations_and_asynchronous_answers_are_read_and_no_other_data(synth: Synth) -> None:
    may = allowed(synth, SHARED, IS_COMPLETE)
    assert may["s3:GetObject"] == {"BUCKET/*/evaluations/*", "BUCKET/*/async/*"}
    assert may["kms:Decrypt"] == {"KEY"}
    assert not [action for action in allowed(synth, SHARED, ON_EVENT) if action.startswith("s3:")]


def test_asynchronous_endpoints_are_asked_by_way_of_their_own_folder(synth: Synth) -> None:
    may = allowed(synth, SHARED, IS_COMPLETE)
    assert may["sagemaker:InvokeEndpointAsync"] == {f"{JOBS}endpoint/sagestack-*"}
    assert may["s3:PutObject"] == may["s3:DeleteObject"] == {"BUCKET/*/async/*"}
    assert may["s3:ListBucket"] == {"BUCKET"}
    assert may["kms:GenerateDataKey"] == {"KEY"}
    (policy,) = (
        each
        for each in synth.resources("AWS::IAM::Policy", SHARED)
        if IS_COMPLETE in each["Properties"]["PolicyName"]
    )
    listing = [
        statement["Condition"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "s3:ListBucket"
    ]
    assert listing == [{"StringLike": {"s3:prefix": "*/async/*"}}]


def test_what_serves_is_found_by_describing_only(synth: Synth) -> None:
    may = allowed(synth, SHARED, ON_EVENT)
    assert may["sagemaker:DescribeEndpoint"] == {f"{JOBS}endpoint/sagestack-*"}
    assert may["sagemaker:DescribeEndpointConfig"] == {f"{JOBS}endpoint-config/*"}
    assert may["sagemaker:DescribeModel"] == {f"{JOBS}model/*"}
    assert "sagemaker:InvokeEndpoint" not in may


@pytest.mark.parametrize(
    ("app_name", "tuning"),
    [
        ("sagestack", "sagestack-*"),
        ("a-much-longer-name", "a-much-lon-*"),
        ("long-name-of-app", "long-name-*"),  # a hyphen at the end of the ten is left out
    ],
)
def test_tuning_jobs_and_their_training_jobs_are_known_by_their_shorter_prefix(
    app_name: str, tuning: str
) -> None:
    follow = _role_of(lambda role: allow_following_jobs(role, app_name))
    whole = f"{app_name}-*"
    assert follow["sagemaker:StopHyperParameterTuningJob"] == {
        f"{JOBS}hyper-parameter-tuning-job/{tuning}"
    }
    assert follow["sagemaker:DeleteTrainingJob"] == {
        f"{JOBS}training-job/{name}" for name in (tuning, whole)
    }
    assert follow["sagemaker:StopProcessingJob"] == {f"{JOBS}processing-job/{whole}"}
    start = _role_of(lambda role: allow_starting_jobs(role, app_name))
    assert start["sagemaker:CreateTrainingJob"] == {f"{JOBS}training-job/{whole}"}
    assert start["sagemaker:CreateHyperParameterTuningJob"] == {
        f"{JOBS}hyper-parameter-tuning-job/{tuning}"
    }


def _role_of(allow: Callable[[iam.Role], None]) -> dict[str, set[str]]:
    stack = Stack(App(), "stack")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    allow(role)
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    return allowed_by(policy)
