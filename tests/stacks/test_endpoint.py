"""What an endpoint runs is what the workload's file says, and an update of it is guarded."""

import json
from typing import Any

from tests.stacks.api_requests import resolved, violations
from tests.stacks.conftest import SERVERLESS, Synth

GUARDED, ASYNCHRONOUS = "sagestack-guarded", "sagestack-asynchronous"
A_B = "sagestack-a-b"


def _one(synth: Synth, kind: str, stack: str) -> dict[str, Any]:
    """The properties of the only resource of a type."""
    (resource,) = synth.resources(kind, stack)
    properties: dict[str, Any] = resource["Properties"]
    return properties


def _config(synth: Synth, stack: str) -> dict[str, Any]:
    return _one(synth, "AWS::SageMaker::EndpointConfig", stack)


def _endpoint(synth: Synth, stack: str) -> dict[str, Any]:
    return _one(synth, "AWS::SageMaker::Endpoint", stack)


def _key(value: Any) -> str:
    """The object key, or the folder, of an S3 URI in the app's bucket."""
    scheme, bucket, key = value["Fn::Join"][1]
    assert scheme == "s3://"
    assert "StorageBucket" in bucket["Fn::ImportValue"]
    return str(key).removeprefix("/")


def test_the_api_takes_every_endpoint_and_its_config(synth: Synth) -> None:
    for config in synth.resources("AWS::SageMaker::EndpointConfig"):
        request = {"EndpointConfigName": "config", **resolved(config["Properties"])}
        assert violations("CreateEndpointConfig", request) == []
    for endpoint in synth.resources("AWS::SageMaker::Endpoint"):
        request = resolved(endpoint["Properties"])
        del request["Tags"]  # which CloudFormation changes by themselves
        assert violations("UpdateEndpoint", request) == []


def test_a_serverless_variant_has_no_instances(synth: Synth) -> None:
    (variant,) = _config(synth, SERVERLESS)["ProductionVariants"]
    assert variant.pop("ModelName")
    assert variant == {
        "VariantName": "small",
        "InitialVariantWeight": 1,
        "ServerlessConfig": {
            "MemorySizeInMB": 3072,
            "MaxConcurrency": 20,
            "ProvisionedConcurrency": 2,
        },
    }


def test_a_shadow_variant_weighs_its_share_of_the_variant_that_it_follows(synth: Synth) -> None:
    (production,) = _config(synth, GUARDED)["ProductionVariants"]
    (shadow,) = _config(synth, GUARDED)["ShadowProductionVariants"]
    assert production["InitialVariantWeight"] == 2
    assert shadow.pop("ModelName") != production["ModelName"]
    assert shadow == {
        "VariantName": "second",
        "InitialVariantWeight": 0.5,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 2,
        "ContainerStartupHealthCheckTimeoutInSeconds": 900,
    }


def test_captured_data_lies_encrypted_in_the_workloads_own_folder(synth: Synth) -> None:
    capture = _config(synth, GUARDED)["DataCaptureConfig"]
    assert _key(capture.pop("DestinationS3Uri")) == "guarded/capture"
    assert "StorageKey" in capture.pop("KmsKeyId")["Fn::ImportValue"]
    assert capture == {
        "EnableCapture": True,
        "InitialSamplingPercentage": 30,
        "CaptureOptions": [{"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json"],
        },
    }


def test_asynchronous_answers_and_failures_lie_encrypted_in_the_workloads_own_folders(
    synth: Synth,
) -> None:
    asynchronous = _config(synth, ASYNCHRONOUS)["AsyncInferenceConfig"]
    assert asynchronous["ClientConfig"] == {"MaxConcurrentInvocationsPerInstance": 8}
    output = asynchronous["OutputConfig"]
    assert _key(output["S3OutputPath"]) == "asynchronous/async/output"
    assert _key(output["S3FailurePath"]) == "asynchronous/async/failures"
    assert "StorageKey" in output["KmsKeyId"]["Fn::ImportValue"]


def test_two_topics_tell_of_answers_and_failures_encrypted_and_over_tls_alone(
    synth: Synth,
) -> None:
    resources = synth.template(ASYNCHRONOUS)["Resources"]
    output = _config(synth, ASYNCHRONOUS)["AsyncInferenceConfig"]["OutputConfig"]
    topics = [output["NotificationConfig"][f"{kind}Topic"]["Ref"] for kind in ("Success", "Error")]
    assert len(set(topics)) == 2
    for topic in topics:
        assert "StorageKey" in resources[topic]["Properties"]["KmsMasterKeyId"]["Fn::ImportValue"]
        (policy,) = (
            resource["Properties"]["PolicyDocument"]
            for resource in synth.resources("AWS::SNS::TopicPolicy", ASYNCHRONOUS)
            if resource["Properties"]["Topics"] == [{"Ref": topic}]
        )
        (statement,) = policy["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Deny", "sns:Publish")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_an_endpoint_that_asks_for_nothing_more_has_nothing_more(synth: Synth) -> None:
    assert _config(synth, A_B).keys() == {"KmsKeyId", "ProductionVariants", "Tags"}
    assert _endpoint(synth, A_B).keys() == {"EndpointConfigName", "EndpointName", "Tags"}
    for kind in ("AWS::SNS::Topic", "AWS::CloudWatch::Alarm"):
        assert synth.resources(kind, A_B) == []


def test_an_update_shifts_traffic_as_the_file_says(synth: Synth) -> None:
    assert _endpoint(synth, GUARDED)["DeploymentConfig"]["BlueGreenUpdatePolicy"] == {
        "TrafficRoutingConfiguration": {
            "Type": "LINEAR",
            "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 20},
            "WaitIntervalInSeconds": 120,
        },
        "TerminationWaitInSeconds": 600,
        "MaximumExecutionTimeoutInSeconds": 7200,
    }


def test_an_update_keeps_what_scaling_found_and_takes_the_rest_from_the_template(
    synth: Synth,
) -> None:
    endpoint = _endpoint(synth, ASYNCHRONOUS)
    assert endpoint["RetainAllVariantProperties"] is True
    assert endpoint["ExcludeRetainedVariantProperties"] == [
        {"VariantPropertyType": "DesiredWeight"},
        {"VariantPropertyType": "DataCaptureConfig"},
    ]
    assert "RetainAllVariantProperties" not in _endpoint(synth, GUARDED)


def test_the_check_knows_every_way_in_which_the_endpoint_serves(synth: Synth) -> None:
    checks = {
        stack: _one(synth, "Custom::SageMakerEndpointCheck", stack)
        for stack in (GUARDED, ASYNCHRONOUS, A_B)
    }
    assert checks[GUARDED]["VariantNames"] == ["first"]
    assert checks[GUARDED]["ShadowVariantNames"] == ["second"]
    assert _key(checks[ASYNCHRONOUS]["AsyncInputS3Uri"]) == "asynchronous/async/input"
    optional = {"ShadowVariantNames", "AsyncInputS3Uri"}
    assert not optional & checks[A_B].keys()
    assert optional & checks[GUARDED].keys() == {"ShadowVariantNames"}
    assert optional & checks[ASYNCHRONOUS].keys() == {"AsyncInputS3Uri"}


def test_a_model_has_no_network_where_the_file_says_so(synth: Synth) -> None:
    isolated = {
        logical_id: resource["Properties"].get("EnableNetworkIsolation")
        for logical_id, resource in synth.template(GUARDED)["Resources"].items()
        if resource["Type"] == "AWS::SageMaker::Model"
    }
    assert len(isolated) == 2
    for logical_id, isolation in isolated.items():
        assert isolation is (True if "challenger" in logical_id else None)


def test_a_model_that_is_only_in_the_shadow_is_trained_evaluated_and_compared_with_what_serves(
    synth: Synth,
) -> None:
    jobs = {
        job["Properties"]["JobNamePrefix"]: job["Properties"]
        for kind in ("Training", "Processing")
        for job in synth.resources(f"Custom::SageMaker{kind}Job", GUARDED)
    }
    challenger = "sagestack-guarded-challenger"
    assert {challenger, f"{challenger}-evaluation", f"{challenger}-serving"} <= jobs.keys()
    # no variant of these names is the heaviest of all: the one that serves
    assert jobs[f"{challenger}-serving"]["ServingModel"]["VariantNames"] == []
    entry = synth.parameter("/sagestack/workloads/guarded")["Properties"]["Value"]
    variants = json.loads(resolved(entry))["variants"]
    assert [variant["name"] for variant in variants] == ["first"]  # nobody asks a shadow variant


def test_the_stack_tells_where_requests_are_put_and_kept(synth: Synth) -> None:
    kept = synth.template(GUARDED)["Outputs"]
    assert _key(kept["DataCapture"]["Value"]) == "guarded/capture"
    waiting = synth.template(ASYNCHRONOUS)["Outputs"]
    assert _key(waiting["AsyncInput"]["Value"]) == "asynchronous/async/input"
    topics = _config(synth, ASYNCHRONOUS)["AsyncInferenceConfig"]["OutputConfig"]
    for kind in ("Success", "Error"):
        topic = topics["NotificationConfig"][f"{kind}Topic"]
        assert waiting[f"Async{kind}Topic"]["Value"] == topic
    assert not {"AsyncInput", "AsyncSuccessTopic", "AsyncErrorTopic"} & kept.keys()
    assert "DataCapture" not in waiting
