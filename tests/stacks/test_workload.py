"""A workload's file becomes a training job, a model, an endpoint and an entry in the API."""

import json

from app import ROOT
from tests.stacks.api_requests import ATTRIBUTES, resolved
from tests.stacks.conftest import SERVERLESS, Resource, Synth
from workloads.content import content_hash

MARS, A_B = "sagestack-iris-mars", "sagestack-a-b"


def _training(synth: Synth, stack: str) -> list[Resource]:
    return [job["Properties"] for job in synth.resources("Custom::SageMakerTrainingJob", stack)]


def test_the_training_job_is_asked_for_in_sagemakers_own_words(synth: Synth) -> None:
    (job,) = _training(synth, MARS)
    request = job["CreateTrainingJobRequest"]
    assert job["JobNamePrefix"] == "sagestack-iris-mars-mars"
    assert request["HyperParameters"] == {"target": "Sepal.Length", "degree": "2"}
    assert "StorageKey" in request["ResourceConfig"].pop("VolumeKmsKeyId")["Fn::ImportValue"]
    assert request["ResourceConfig"] == {
        "InstanceType": "ml.m5.large",
        "InstanceCount": 1,
        "VolumeSizeInGB": 10,
    }
    assert "TrainingJobName" not in request


def test_changed_data_is_a_changed_request(synth: Synth) -> None:
    (job,) = _training(synth, MARS)
    (channel,) = job["CreateTrainingJobRequest"]["InputDataConfig"]
    uri = json.dumps(channel["DataSource"]["S3DataSource"]["S3Uri"])
    hashed = content_hash(ROOT / "workloads" / "data" / "iris.csv")
    assert f"/iris-mars/data/train/{hashed}" in uri


def test_data_of_an_earlier_deploy_stays_for_a_rollback(synth: Synth) -> None:
    (deployment,) = synth.resources("Custom::CDKBucketDeployment", MARS)
    assert deployment["Properties"]["Prune"] is False
    assert deployment["Properties"]["RetainOnDelete"] is True


def test_data_in_s3_is_read_where_it_is(synth: Synth) -> None:
    jobs = _training(synth, A_B)
    for job in jobs:
        (channel,) = job["CreateTrainingJobRequest"]["InputDataConfig"]
        assert channel["DataSource"]["S3DataSource"]["S3Uri"] == "s3://their-bucket/irises/2026"
    assert synth.resources("Custom::CDKBucketDeployment", A_B) == []


def test_what_a_failed_first_deploys_container_said_outlives_its_stack(synth: Synth) -> None:
    names = {
        group["Properties"].get("LogGroupName")
        for group in synth.resources("AWS::Logs::LogGroup", "sagestack-shared")
    }
    assert {f"/aws/sagemaker/Endpoints/{stack}" for stack in (MARS, A_B)} <= names


def test_a_revision_trains_again(synth: Synth) -> None:
    assert [job.get("Revision") for job in _training(synth, A_B)] == [None, "2026-11"]


def test_jobs_and_models_run_in_the_vpc_that_is_asked_for(synth: Synth) -> None:
    vpc = {"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    assert all(job["CreateTrainingJobRequest"]["VpcConfig"] == vpc for job in _training(synth, A_B))
    elsewhere = synth.resources("AWS::SageMaker::Model", SERVERLESS)
    for model in synth.resources("AWS::SageMaker::Model"):
        assert model["Properties"].get("VpcConfig") == (None if model in elsewhere else vpc)


def test_a_model_waits_for_the_policies_of_its_own_role(synth: Synth) -> None:
    for stack in (MARS, A_B):
        resources = synth.template(stack)["Resources"]
        for model in synth.resources("AWS::SageMaker::Model", stack):
            (role, _) = model["Properties"]["ExecutionRoleArn"]["Fn::GetAtt"]
            policies = {
                logical_id
                for logical_id, resource in resources.items()
                if resource["Type"] == "AWS::IAM::Policy"
                and resource["Properties"]["Roles"] == [{"Ref": role}]
            }
            assert policies
            assert policies <= set(model["DependsOn"])


def test_weights_are_kept_to_the_letter_even_zero(synth: Synth) -> None:
    (config,) = synth.resources("AWS::SageMaker::EndpointConfig", A_B)
    variants = config["Properties"]["ProductionVariants"]
    assert [(v["VariantName"], v["InitialVariantWeight"]) for v in variants] == [
        ("small", 9),
        ("large", 0),
    ]
    assert variants[1]["ContainerStartupHealthCheckTimeoutInSeconds"] == 600


def test_only_the_endpoint_has_a_fixed_name(synth: Synth) -> None:
    (endpoint,) = synth.resources("AWS::SageMaker::Endpoint", MARS)
    assert endpoint["Properties"]["EndpointName"] == "sagestack-iris-mars"
    for kind, name in (("Model", "ModelName"), ("EndpointConfig", "EndpointConfigName")):
        for resource in synth.resources(f"AWS::SageMaker::{kind}"):
            assert name not in resource["Properties"]


def test_the_deploy_checks_the_endpoint_with_the_smoke_payload(synth: Synth) -> None:
    (check,) = synth.resources("Custom::SageMakerEndpointCheck", A_B)
    assert check["Properties"]["VariantNames"] == ["small", "large"]
    assert check["Properties"]["Smoke"] == {
        "ContentType": "application/json",
        "Body": '{"instances": [{"width": 1.5}]}',
        "Rows": 1,
    }
    (config_id,) = (
        logical_id
        for logical_id, resource in synth.template(A_B)["Resources"].items()
        if resource["Type"] == "AWS::SageMaker::EndpointConfig"
    )
    assert check["Properties"]["EndpointConfigName"] == {
        "Fn::GetAtt": [config_id, "EndpointConfigName"]
    }


def test_the_check_comes_after_the_update_and_before_anything_is_cleaned_up(synth: Synth) -> None:
    # CloudFormation removes what an update has replaced when all resources have succeeded
    resources = synth.template(A_B)["Resources"]
    (check,) = synth.resources("Custom::SageMakerEndpointCheck", A_B)
    assert "AWS::SageMaker::Endpoint" in {resources[each]["Type"] for each in check["DependsOn"]}


def test_the_api_learns_of_a_workload_when_its_endpoint_has_answered(synth: Synth) -> None:
    template = synth.template(MARS)["Resources"]
    entry = synth.parameter("/sagestack/workloads/iris-mars")
    written = json.loads(resolved(entry["Properties"]["Value"]))
    assert written["endpoint"] == "sagestack-iris-mars"
    # the artifact and the Model's name are what CloudFormation knows when it has made them
    (model,) = written["models"].values()
    assert model == {"version": "name-1", "artifact": ATTRIBUTES["ModelDataUrl"]}
    assert "Custom::SageMakerEndpointCheck" in {
        template[logical_id]["Type"] for logical_id in entry["DependsOn"]
    }
