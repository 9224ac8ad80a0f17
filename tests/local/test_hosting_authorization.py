"""Where IAM is enforced, an endpoint does what its model's role may, and who scales it is asked."""

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Account
from tests.local.endpoints import read, serve_with
from tests.local.policies import LOG, READ, WRITE, allow_job, user

ALARM = "watched-errors"


def test_a_caller_of_invoke_endpoint_may_not_invoke_asynchronously(guarded: Account) -> None:
    allow_job(guarded, *READ, WRITE, LOG)
    invoke = {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": "*"}
    runtime = user(guarded, "synchronous", invoke).client(
        "sagemaker-runtime", endpoint_url=guarded.aws.endpoint_url
    )
    denied = "not authorized to perform: sagemaker:InvokeEndpointAsync"
    with pytest.raises(ClientError, match=denied):
        runtime.invoke_endpoint_async(EndpointName="any", InputLocation="s3://iris/input")


def test_a_role_that_may_not_write_loses_its_captures_and_no_request(guarded: Account) -> None:
    allow_job(guarded, *READ, WRITE, LOG)
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://iris/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    serve_with(guarded, "unwatched", DataCaptureConfig=capture)
    assert guarded.ask("unwatched", b"1") == ("only", b"Hello text/csv 1")
    guarded.sagemaker.delete_endpoint(EndpointName="unwatched")
    with pytest.raises(ClientError, match="Could not find endpoint"):
        guarded.endpoint("unwatched")
    assert "Contents" not in guarded.s3.list_objects_v2(Bucket="iris", Prefix="captured/")


@pytest.mark.parametrize("may_write", [False, True])
def test_a_role_that_may_not_write_the_answer_fails_the_asynchronous_request(
    guarded: Account, may_write: bool
) -> None:
    answers = {
        "Effect": "Allow",
        "Action": ["s3:PutObject", "sns:Publish"],
        "Resource": ["arn:aws:s3:::iris/out/*", "arn:aws:sns:*:*:failures"],
    }
    failures = {**answers, "Resource": ["arn:aws:s3:::iris/fail/*", "arn:aws:sns:*:*:failures"]}
    allow_job(guarded, *READ, WRITE, LOG, failures, *([answers] if may_write else []))
    name = f"answers-{may_write}".lower()
    topic = guarded.aws.client("sns").create_topic(Name="failures")["TopicArn"]
    output = {
        "S3OutputPath": "s3://iris/out",
        "S3FailurePath": "s3://iris/fail",
        "NotificationConfig": {"ErrorTopic": topic},
    }
    serve_with(guarded, name, AsyncInferenceConfig={"OutputConfig": output})
    guarded.s3.put_object(Bucket="iris", Key="input", Body=b"1,2")
    asked = guarded.runtime.invoke_endpoint_async(
        EndpointName=name, InputLocation="s3://iris/input"
    )
    if may_write:
        assert read(guarded, asked["OutputLocation"]).endswith(b"1,2")
    else:
        assert b"Cannot write the output" in read(guarded, asked["FailureLocation"])


def test_the_alarms_of_an_update_are_read_by_the_role_of_its_model(guarded: Account) -> None:
    serve = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    alarms = f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{ALARM}"
    may_read = {"Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": alarms}
    allow_job(guarded, *READ, WRITE, LOG, serve)
    guarded.serve("watched", v="Old")
    guarded.configure("watched-2", v="New")
    guarded.aws.client("cloudwatch").put_metric_alarm(
        AlarmName=ALARM,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    for statements, config in (((), "watched"), ((may_read,), "watched-2")):
        allow_job(guarded, *READ, WRITE, LOG, serve, *statements)
        guarded.sagemaker.update_endpoint(
            EndpointName="watched",
            EndpointConfigName="watched-2",
            DeploymentConfig={"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": ALARM}]}},
        )
        endpoint = guarded.endpoint("watched")
        assert endpoint["EndpointConfigName"] == config, endpoint
        denied = "cloudwatch:DescribeAlarms" in endpoint.get("FailureReason", "")
        assert denied == (not statements)


def test_only_who_may_scale_sagemakers_variants_can_ask_for_it(guarded: Account) -> None:
    action = "application-autoscaling:DeregisterScalableTarget"
    targets = "arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/*"
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/iris/variant/mars",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    for namespace, refusal in (
        ("sagemaker", "ObjectNotFoundException"),  # nobody's target, but it was looked for
        ("ecs", "AccessDenied"),
    ):
        only = {"StringEquals": {"application-autoscaling:service-namespace": namespace}}
        allowed = {"Effect": "Allow", "Action": action, "Resource": targets, "Condition": only}
        scaling = user(guarded, f"scales-{namespace}", allowed).client(
            "application-autoscaling", endpoint_url=guarded.aws.endpoint_url
        )
        with pytest.raises(ClientError, match=refusal):
            scaling.deregister_scalable_target(**target)
        with pytest.raises(ClientError, match="AccessDenied"):
            scaling.describe_scalable_targets(ServiceNamespace="sagemaker")


def test_alarms_are_deleted_by_who_may_delete_those_of_that_name(guarded: Account) -> None:
    ours = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:sagestack-*"
    allowed = {"Effect": "Allow", "Action": "cloudwatch:DeleteAlarms", "Resource": ours}
    cloudwatch = user(guarded, "deletes-alarms", allowed).client(
        "cloudwatch", endpoint_url=guarded.aws.endpoint_url
    )
    cloudwatch.delete_alarms(AlarmNames=["sagestack-iris/mars/steps-up"])
    with pytest.raises(ClientError, match="AccessDenied"):
        cloudwatch.delete_alarms(AlarmNames=["another"])
