"""Each job is asked for in SageMaker's own words: what the API would take, and what was set."""

from typing import Any

import pytest

from app import ROOT
from tests.stacks.api_requests import resolved, violations
from tests.stacks.conftest import SERVERLESS, Synth
from workloads.content import content_hash

EVERYTHING = "sagestack-everything"
NAMES = {
    "TrainingJob": "TrainingJobName",
    "HyperParameterTuningJob": "HyperParameterTuningJobName",
    "ProcessingJob": "ProcessingJobName",
    "TransformJob": "TransformJobName",
}
BUCKET = "s3://name-1/everything"
IRIS = content_hash(ROOT / "workloads" / "data" / "iris.csv")


def _requests(synth: Synth, kind: str, stack: str | None = None) -> dict[str, dict[str, Any]]:
    """The requests for a kind of job as SageMaker would get them, by the jobs' name prefix."""
    found = {}
    for resource in synth.resources(f"Custom::SageMaker{kind}", stack):
        properties = resource["Properties"]
        request = resolved(properties[f"Create{kind}Request"])
        assert NAMES[kind] not in request
        if "ServingModel" in properties:  # which the handler puts in
            request["AppSpecification"]["ImageUri"] = "image"
            request["ProcessingInputs"][0]["S3Input"]["S3Uri"] = "s3://bucket/model.tar.gz"
        found[properties["JobNamePrefix"]] = request
    return found


@pytest.mark.parametrize("kind", NAMES)
def test_the_api_takes_every_request(synth: Synth, kind: str) -> None:
    requests = _requests(synth, kind)
    assert requests
    for prefix, request in requests.items():
        named = {**request, NAMES[kind]: prefix[:30]}
        assert violations(f"Create{kind}", named) == []


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"Spot": True}, "Unknown parameter"),
        ({"RoleArn": None}, "Invalid type for parameter RoleArn"),
        ({"RoleArn": "role"}, "RoleArn"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": "60"}}, "MaxRuntimeInSeconds"),
        ({"RetryStrategy": {"MaximumRetryAttempts": 31}}, "at most 30"),
        ({"AlgorithmSpecification": {"TrainingInputMode": "Fifo"}}, "not in TrainingInputMode"),
        ({"CheckpointConfig": {"S3Uri": "/tmp"}}, "CheckpointConfig.S3Uri is /tmp, not"),
    ],
)
def test_a_request_that_the_api_would_refuse_is_noticed(
    synth: Synth, changed: dict[str, Any], found: str
) -> None:
    request = {"TrainingJobName": "job", **next(iter(_requests(synth, "TrainingJob").values()))}
    (violation,) = violations("CreateTrainingJob", {**request, **changed})
    assert found in violation


def test_a_training_job_is_as_its_settings_say(synth: Synth) -> None:
    request = _requests(synth, "TrainingJob", EVERYTHING)["sagestack-everything-spot-trained"]
    assert request["HyperParameters"] == {"trees": "500"}
    assert request["AlgorithmSpecification"] == {
        "TrainingImage": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/flowers:1",
        "TrainingInputMode": "FastFile",
    }
    assert request["ResourceConfig"] == {
        "InstanceType": "ml.m5.xlarge",
        "InstanceCount": 2,
        "VolumeSizeInGB": 20,
        "VolumeKmsKeyId": "name-1",
    }
    assert request["OutputDataConfig"] == {
        "S3OutputPath": f"{BUCKET}/models/spot-trained",
        "KmsKeyId": "name-1",
    }
    assert request["EnableManagedSpotTraining"] is True
    assert request["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 3600,
        "MaxWaitTimeInSeconds": 86400,
    }
    assert request["CheckpointConfig"] == {
        "S3Uri": f"{BUCKET}/checkpoints/spot-trained/<JobName>",
        "LocalPath": "/opt/ml/checkpoints",
    }
    assert request["EnableNetworkIsolation"] is True
    assert request["EnableInterContainerTrafficEncryption"] is True
    assert request["RetryStrategy"] == {"MaximumRetryAttempts": 3}
    assert request["Environment"] == {"OMP_NUM_THREADS": "2"}
    assert request["ExperimentConfig"] == {"ExperimentName": "flowers"}


def test_what_is_not_set_is_left_to_sagemaker(synth: Synth) -> None:
    request = _requests(synth, "TrainingJob", "sagestack-a-b")["sagestack-a-b-small"]
    assert not request.keys() & {
        *("CheckpointConfig", "RetryStrategy", "Environment", "ExperimentConfig"),
    }
    assert "MetricDefinitions" not in request["AlgorithmSpecification"]
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}


def test_a_model_is_trained_on_every_channel_that_is_not_held_out(synth: Synth) -> None:
    request = _requests(synth, "TrainingJob", EVERYTHING)["sagestack-everything-spot-trained"]
    train, shards, listed = request["InputDataConfig"]
    assert train["ContentType"] == "text/csv"
    assert train["DataSource"]["S3DataSource"]["S3Uri"] == f"{BUCKET}/data/train/{IRIS}"
    assert "InputMode" not in train  # the training's own
    assert shards == {
        "ChannelName": "shards",
        "ContentType": "application/x-recordio-protobuf",
        "InputMode": "Pipe",
        "CompressionType": "Gzip",
        "RecordWrapperType": "RecordIO",
        "ShuffleConfig": {"Seed": 1},
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": "s3://their-bucket/shards/",
                "S3DataDistributionType": "ShardedByS3Key",
            }
        },
    }
    assert listed["InputMode"] == "FastFile"
    assert listed["DataSource"]["S3DataSource"]["S3DataType"] == "ManifestFile"


def test_a_model_that_names_its_channels_is_trained_on_those(synth: Synth) -> None:
    (request,) = _requests(synth, "HyperParameterTuningJob", EVERYTHING).values()
    channels = request["TrainingJobDefinition"]["InputDataConfig"]
    assert [channel["ChannelName"] for channel in channels] == ["train"]


def test_a_tuning_job_is_as_its_settings_say(synth: Synth) -> None:
    (resource,) = synth.resources("Custom::SageMakerHyperParameterTuningJob", EVERYTHING)
    assert resource["Properties"]["WarmStartType"] == "TransferLearning"
    (request,) = _requests(synth, "HyperParameterTuningJob", EVERYTHING).values()
    assert request["HyperParameterTuningJobConfig"] == {
        "Strategy": "Hyperband",
        "StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 9}},
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": 20,
            "MaxParallelTrainingJobs": 4,
            "MaxRuntimeInSeconds": 7200,
        },
        "ParameterRanges": {
            "IntegerParameterRanges": [
                {"Name": "degree", "MinValue": "1", "MaxValue": "3", "ScalingType": "Auto"}
            ],
            "ContinuousParameterRanges": [
                {
                    "Name": "penalty",
                    "MinValue": "0.5",
                    "MaxValue": "6.0",
                    "ScalingType": "Logarithmic",
                }
            ],
            "CategoricalParameterRanges": [{"Name": "prune", "Values": ["true", "never"]}],
        },
        "TrainingJobEarlyStoppingType": "Off",
        "RandomSeed": 7,
    }
    definition = request["TrainingJobDefinition"]
    assert definition["StaticHyperParameters"] == {"target": "Sepal.Length"}
    assert definition["StoppingCondition"] == {"MaxRuntimeInSeconds": 600}
    assert definition["OutputDataConfig"]["S3OutputPath"] == f"{BUCKET}/models/tuned"


def test_the_objective_is_looked_for_beside_the_other_metrics(synth: Synth) -> None:
    (request,) = _requests(synth, "HyperParameterTuningJob", EVERYTHING).values()
    metrics = request["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    assert metrics == [
        {"Name": "train:rmse", "Regex": "train:rmse=([0-9.]+)"},
        {"Name": "validation:rmse", "Regex": "validation:rmse=([0-9.]+)"},
    ]


def test_an_evaluation_is_as_its_settings_say(synth: Synth) -> None:
    request = _requests(synth, "ProcessingJob", EVERYTHING)["sagestack-everything-tuned-evaluation"]
    assert request["AppSpecification"]["ContainerArguments"] == ["evaluate"]
    inputs = {each["InputName"]: each["S3Input"] for each in request["ProcessingInputs"]}
    assert {name: (each["S3Uri"], each["LocalPath"]) for name, each in inputs.items()} == {
        "model": ("s3://bucket/model.tar.gz", "/opt/ml/processing/model"),
        "held-out": ("s3://their-bucket/held-out/", "/opt/ml/processing/input/held-out"),
    }
    assert {each["S3InputMode"] for each in inputs.values()} == {"File"}
    (output,) = request["ProcessingOutputConfig"]["Outputs"]
    assert output == {
        "OutputName": "evaluation",
        "S3Output": {
            "S3Uri": f"{BUCKET}/evaluations/tuned/<JobName>",
            "LocalPath": "/opt/ml/processing/evaluation",
            "S3UploadMode": "EndOfJob",
        },
    }
    assert request["ProcessingResources"]["ClusterConfig"] == {
        "InstanceType": "ml.m5.xlarge",
        "InstanceCount": 1,
        "VolumeSizeInGB": 15,
        "VolumeKmsKeyId": "name-1",
    }
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 4000}
    assert request["Environment"] == {"VERBOSE": "1"}
    assert request["NetworkConfig"]["EnableNetworkIsolation"] is True
    assert request["NetworkConfig"]["EnableInterContainerTrafficEncryption"] is True


def test_a_batch_transform_is_as_its_settings_say(synth: Synth) -> None:
    requests = _requests(synth, "TransformJob", EVERYTHING)
    request = requests["sagestack-everything-spot-trained-transform"]
    del request["Tags"]
    assert request == {
        "ModelName": "name-1",
        "TransformInput": {
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": f"{BUCKET}/data/batch/{IRIS}",
                }
            },
            "ContentType": "text/csv; header=absent",
            "CompressionType": "None",
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": f"{BUCKET}/transforms/<JobName>",
            "Accept": "text/csv",
            "AssembleWith": "Line",
            "KmsKeyId": "name-1",
        },
        "TransformResources": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 2,
            "VolumeKmsKeyId": "name-1",
        },
        "BatchStrategy": "SingleRecord",
        "MaxPayloadInMB": 4,
        "MaxConcurrentTransforms": 8,
        "ModelClientConfig": {"InvocationsTimeoutInSeconds": 60, "InvocationsMaxRetries": 0},
        "DataProcessing": {
            "JoinSource": "Input",
            "InputFilter": "$[1:]",
            "OutputFilter": "$[-1]",
        },
        "Environment": {"ROWS": "100"},
    }


def test_every_job_runs_in_the_vpc_and_has_the_tags_of_the_app(synth: Synth) -> None:
    vpc = {"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    vpcs: list[object] = []
    for kind in NAMES:
        for prefix, request in _requests(synth, kind).items():
            assert {"Key": "app", "Value": "sagestack"} in request["Tags"]
            assert {"Key": "team", "Value": "flowers"} in request["Tags"]
            if prefix.startswith(SERVERLESS):
                continue
            match kind:
                case "TrainingJob":
                    vpcs.append(request["VpcConfig"])
                case "HyperParameterTuningJob":
                    vpcs.append(request["TrainingJobDefinition"]["VpcConfig"])
                case "ProcessingJob":
                    vpcs.append(request["NetworkConfig"]["VpcConfig"])
    assert len(vpcs) > 3  # a transform job has none of its own: it runs in its model's
    assert all(found == vpc for found in vpcs)
