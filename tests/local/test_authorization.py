"""Where IAM is enforced, jobs and callers can do what their policies say, and no more."""

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.local.conftest import IMAGE, Account
from tests.local.policies import LOG, READ, WRITE, allow_job, user
from tests.local.shell import statuses
from tests.local.test_builtin_images import job as xgboost_job
from tests.local.tuner import Tuner
from tests.local.worker import Worker

ARN = "arn:aws:sagemaker:us-east-1:000000000000"


def test_a_role_that_cannot_read_the_data_cannot_train(guarded: Account) -> None:
    allow_job(guarded, WRITE, LOG)
    with pytest.raises(ClientError, match=r'has "s3:ListBucket" permissions.*AccessDenied'):
        guarded.sagemaker.create_training_job(**guarded.job("blind"))


def test_a_role_that_cannot_pull_the_image_fails_the_job(guarded: Account) -> None:
    allow_job(guarded, *READ[:2], WRITE, LOG)
    assert "ecr:BatchGetImage" in guarded.train("no-pull")["FailureReason"]


def test_a_role_that_cannot_write_the_artifact_fails_the_job(guarded: Account) -> None:
    allow_job(guarded, *READ, LOG)
    job = guarded.train("read-only", RetryStrategy={"MaximumRetryAttempts": 2})
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")
    assert "s3:PutObject" in job["FailureReason"]
    assert statuses(job).count("Training") == 1


def test_a_role_that_can_do_what_a_job_does_trains_and_logs(guarded: Account) -> None:
    allow_job(guarded, *READ, WRITE, LOG)
    assert guarded.train("able")["TrainingJobStatus"] == "Completed"
    assert "rmse=3.5; rmse=0.25;" in guarded.log("/aws/sagemaker/TrainingJobs")


@pytest.mark.parametrize(("owner", "pulled"), [("683313688378", True), ("000000000000", False)])
def test_an_image_of_awss_is_pulled_by_who_may_pull_from_that_repository(
    guarded: Account, owner: str, pulled: bool
) -> None:
    arn = f"arn:aws:ecr:us-east-1:{owner}:repository/sagemaker-xgboost"
    pull = {"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": arn}
    allow_job(guarded, *READ[:2], pull, WRITE, LOG)
    name = f"xgboost-{owner}"
    guarded.sagemaker.create_training_job(**xgboost_job(guarded, name))
    ended = guarded.ended(name)
    assert (ended["TrainingJobStatus"] == "Completed") == pulled, ended.get("FailureReason")
    assert ("not authorized to perform: ecr:BatchGet" in ended.get("FailureReason", "")) != pulled


def test_a_caller_without_pass_role_cannot_give_a_job_its_role(guarded: Account) -> None:
    allow_job(guarded, *READ, WRITE, LOG)
    create = {"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob", "Resource": "*"}
    client = user(guarded, "no-pass-role", create).client(
        "sagemaker", endpoint_url=guarded.aws.endpoint_url
    )
    with pytest.raises(ClientError, match="not authorized to perform: iam:PassRole"):
        client.create_training_job(**guarded.job("not-passed"))


def test_a_caller_without_pass_role_cannot_give_a_tuning_jobs_training_its_role(
    guarded: Account,
) -> None:
    allow_job(guarded, *READ, WRITE, LOG)
    create = {"Effect": "Allow", "Action": "sagemaker:CreateHyperParameterTuningJob"}
    client = user(guarded, "tuner-no-pass-role", {**create, "Resource": "*"}).client(
        "sagemaker", endpoint_url=guarded.aws.endpoint_url
    )
    with pytest.raises(ClientError, match="not authorized to perform: iam:PassRole"):
        client.create_hyper_parameter_tuning_job(**Tuner(guarded).request("not-passed"))


def test_a_caller_can_invoke_the_endpoint_that_its_policy_names_and_no_other(
    guarded: Account,
) -> None:
    allow_job(guarded, *READ, WRITE, LOG)
    for name in ("mine", "theirs"):
        guarded.serve(name, only="Hello")
    invoke = {
        "Effect": "Allow",
        "Action": "sagemaker:InvokeEndpoint",
        "Resource": f"{ARN}:endpoint/mine",
    }
    runtime = user(guarded, "caller", invoke).client(
        "sagemaker-runtime", endpoint_url=guarded.aws.endpoint_url
    )
    assert runtime.invoke_endpoint(EndpointName="mine", Body=b"1")["Body"].read().endswith(b"1")
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:InvokeEndpoint"):
        runtime.invoke_endpoint(EndpointName="theirs", Body=b"1")


def test_an_action_on_a_named_resource_is_checked_on_that_resource(guarded: Account) -> None:
    describe = {
        "Effect": "Allow",
        "Action": "sagemaker:DescribeModel",
        "Resource": f"{ARN}:model/mine",
    }
    client = user(guarded, "describer", describe).client(
        "sagemaker", endpoint_url=guarded.aws.endpoint_url
    )
    guarded.sagemaker.create_model(
        ModelName="Mine", ExecutionRoleArn=guarded.role, PrimaryContainer={"Image": IMAGE}
    )
    assert client.describe_model(ModelName="Mine")["ModelName"] == "Mine"
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:DescribeModel"):
        client.describe_model(ModelName="theirs")


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("ProcessingJob", "processing-job"),
        ("TransformJob", "transform-job"),
        ("HyperParameterTuningJob", "hyper-parameter-tuning-job"),
    ],
)
def test_each_kind_of_job_is_checked_on_its_own_arn(
    guarded: Account, kind: str, resource: str
) -> None:
    describe = {
        "Effect": "Allow",
        "Action": f"sagemaker:Describe{kind}",
        "Resource": f"{ARN}:{resource}/mine",
    }
    client = user(guarded, f"{resource}-describer", describe).client(
        "sagemaker", endpoint_url=guarded.aws.endpoint_url
    )
    operation = getattr(client, xform_name(f"Describe{kind}"))
    with pytest.raises(ClientError) as raised:
        operation(**{f"{kind}Name": "mine"})
    assert "not authorized" not in str(raised.value)  # but there is none of that name
    with pytest.raises(ClientError, match=f"not authorized to perform: sagemaker:Describe{kind}"):
        operation(**{f"{kind}Name": "theirs"})


def test_a_processing_role_that_cannot_write_the_output_fails_the_job(guarded: Account) -> None:
    worker = Worker(guarded)
    worker.put(rows__a_csv="1,2\n")
    read = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}
    allow_job(guarded, read, READ[2], LOG)
    job = worker.process("read-only")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")
    assert "s3:PutObject" in job["FailureReason"]


def test_a_transform_reads_and_writes_with_the_role_of_its_model(guarded: Account) -> None:
    worker = Worker(guarded)
    worker.put(one_csv="1,2\n")
    read = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}
    write = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::work/out/w/*"}
    allow_job(guarded, read, write, READ[2], LOG)
    worker.model("counter")
    assert worker.transform("w", "s3://work/one.csv")["TransformJobStatus"] == "Completed"
    assert "s3:PutObject" in worker.transform("x", "s3://work/one.csv")["FailureReason"]
    allow_job(guarded, write, READ[2], LOG)
    with pytest.raises(ClientError, match=r'has "s3:ListBucket" permissions'):
        worker.transform("y", "s3://work/one.csv")


@pytest.mark.parametrize(
    ("service", "operation", "allowed", "forbidden", "resource"),
    [
        (
            "ecr",
            "describe_repositories",
            {"repositoryNames": ["mine"]},
            {"repositoryNames": ["theirs"]},
            "arn:aws:ecr:us-east-1:000000000000:repository/mine",
        ),
        (
            "ssm",
            "get_parameters_by_path",
            {"Path": "/mine/workloads"},
            {"Path": "/theirs/workloads"},
            "arn:aws:ssm:us-east-1:000000000000:parameter/mine/workloads",
        ),
    ],
)
def test_a_resource_named_by_a_list_or_a_path_is_checked_too(
    guarded: Account,
    service: str,
    operation: str,
    allowed: dict[str, Any],
    forbidden: dict[str, Any],
    resource: str,
) -> None:
    statement = {"Effect": "Allow", "Action": f"{service}:*", "Resource": resource}
    session: Any = user(guarded, f"{service}-reader", statement)
    client = session.client(service, endpoint_url=guarded.aws.endpoint_url)
    if service == "ecr":
        guarded.aws.client("ecr").create_repository(repositoryName="mine")
    assert getattr(client, operation)(**allowed)
    with pytest.raises(ClientError, match="not authorized to perform"):
        getattr(client, operation)(**forbidden)
