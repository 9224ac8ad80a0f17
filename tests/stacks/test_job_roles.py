"""Each job and model has a role of its own, which may do what it needs and nothing else."""

import pytest

from tests.stacks.conftest import Synth
from tests.stacks.policies import allowed

STACK = "sagestack-everything"
OURS = "BUCKET/everything"
PULLS = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
MARS = "arn:aws:ecr:region:account:repository/sagestack/mars"
FLOWERS = "arn:aws:ecr:eu-west-1:123456789012:repository/team/flowers"
THEIR_KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d"


def _logs(group: str) -> str:
    return f"arn:aws:logs:region:account:log-group:/aws/sagemaker/{group}:*"


def test_training_reads_its_channels_and_writes_its_model(synth: Synth) -> None:
    may = allowed(synth, STACK, "ModelstunedTrainingRole")
    checkpoints = f"{OURS}/checkpoints/tuned/*"
    assert may["s3:GetObject"] == {f"{OURS}/data/train/*", checkpoints}
    assert may["s3:PutObject"] == {f"{OURS}/models/tuned/*", checkpoints}
    assert may["logs:PutLogEvents"] == {_logs("TrainingJobs")}
    assert may["kms:Decrypt"] == {"KEY"}
    assert may["kms:CreateGrant"] == {"KEY"}  # for its volume
    assert {resource for pull in PULLS for resource in may[pull]} == {MARS}


def test_training_reads_and_writes_checkpoints(synth: Synth) -> None:
    may = allowed(synth, STACK, "ModelsspottrainedTrainingRole")
    assert may["s3:GetObject"] == {
        f"{OURS}/data/train/*",
        "arn:aws:s3:::their-bucket/shards/*",
        "arn:aws:s3:::listed-bucket/*",  # what a manifest lists is not known before
        f"{OURS}/checkpoints/spot-trained/*",
    }
    assert may["s3:PutObject"] == {
        f"{OURS}/models/spot-trained/*",
        f"{OURS}/checkpoints/spot-trained/*",
    }
    assert may["kms:Decrypt"] == {"KEY", f"{THEIR_KEY}-0000-0000-0000-000000000000"}
    assert {resource for pull in PULLS for resource in may[pull]} == {FLOWERS}


def test_evaluation_reads_the_held_out_channel_and_models_and_writes_its_report(
    synth: Synth,
) -> None:
    may = allowed(synth, STACK, "ModelsgivenEvaluationRole")
    assert may["s3:GetObject"] == {
        "arn:aws:s3:::their-bucket/held-out/*",
        "arn:aws:s3:::other-bucket/best/model.tar.gz*",
        f"{OURS}/models/*",  # the model now serving may be any that an earlier deploy trained
    }
    assert may["s3:PutObject"] == {f"{OURS}/evaluations/given/*"}
    assert may["kms:Decrypt"] == {"KEY", f"{THEIR_KEY}-1111-1111-1111-111111111111"}
    assert may["logs:PutLogEvents"] == {_logs("ProcessingJobs")}
    assert may["kms:CreateGrant"] == {"KEY"}
    of_this_app = "arn:aws:ecr:region:account:repository/sagestack/*"
    assert {resource for pull in PULLS for resource in may[pull]} == {MARS, of_this_app}


def test_serving_reads_its_model(synth: Synth) -> None:
    may = allowed(synth, STACK, "ModelstunedServingRole")
    assert may["s3:GetObject"] == {f"{OURS}/models/tuned/*"}
    assert may["logs:PutLogEvents"] == {_logs("Endpoints/sagestack-everything")}
    assert "s3:PutObject" not in may


def test_serving_reads_a_model_trained_elsewhere_or_by_this_apps_own_job(synth: Synth) -> None:
    may = allowed(synth, STACK, "ModelsgivenServingRole")
    assert may["s3:GetObject"] == {"arn:aws:s3:::other-bucket/best/model.tar.gz*"}
    assert may["kms:Decrypt"] == {"KEY"}


def test_the_transforms_model_also_reads_their_input_and_writes_their_output(
    synth: Synth,
) -> None:
    may = allowed(synth, STACK, "ModelsspottrainedServingRole")
    assert may["s3:GetObject"] == {
        f"{OURS}/models/spot-trained/*",
        f"{OURS}/data/batch/*",
        f"{OURS}/transforms/input/*",
    }
    assert may["s3:PutObject"] == {f"{OURS}/transforms/*"}
    assert may["kms:GenerateDataKey"] == {"KEY"}
    assert may["logs:PutLogEvents"] == {
        _logs("Endpoints/sagestack-everything"),
        _logs("TransformJobs"),
    }


@pytest.mark.parametrize("stack", ["sagestack-iris-mars", STACK])
def test_only_what_takes_no_resource_is_allowed_on_all(synth: Synth, stack: str) -> None:
    for policy in synth.resources("AWS::IAM::Policy", stack):
        name = policy["Properties"]["PolicyName"]
        if name.startswith("Models"):
            on_all = {action for action, on in allowed(synth, stack, name).items() if "*" in on}
            assert {action for action in on_all if not action.startswith("ec2:")} == {
                "cloudwatch:PutMetricData",
                "ecr:GetAuthorizationToken",
            }
