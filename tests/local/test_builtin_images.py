"""AWS's own images on the embedded AWS: there when first asked for, in Docker and without it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import builtin
from tests.local.conftest import IMAGE, Account
from tests.local.shell import channel

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
OTHER = XGBOOST.replace("1.7-1", "3.2-0")
TRAIN = "".join(f"{2 * a + b},{a},{b}\n" for a in range(10) for b in range(10))
ROUNDS = {"num_round": "3"}
OWN_METRICS = "You can't override the metric definitions for Amazon SageMaker algorithms"


def algorithm(image: str = XGBOOST, **members: Any) -> dict[str, Any]:
    return {"TrainingImage": image, "TrainingInputMode": "File", **members}


def job(account: Account, name: str, image: str = XGBOOST, **change: Any) -> dict[str, Any]:
    """A request of CreateTrainingJob for XGBoost."""
    for key in ("train", "validation"):
        account.s3.put_object(Bucket="iris", Key=f"numbers/{key}/{key}.csv", Body=TRAIN.encode())
    given = {
        "AlgorithmSpecification": algorithm(image),
        "HyperParameters": ROUNDS,
        "InputDataConfig": [
            channel(key, f"s3://iris/numbers/{key}", ContentType="text/csv")
            for key in ("train", "validation")
        ],
    }
    return account.job(name, **{**given, **change})


def train(account: Account, name: str, image: str = XGBOOST, **change: Any) -> dict[str, Any]:
    account.sagemaker.create_training_job(**job(account, name, image, **change))
    return account.ended(name)


@pytest.fixture(scope="module")
def trained(on_each_runner: Account) -> dict[str, Any]:
    return train(on_each_runner, "xgboost")


def test_a_model_is_trained(on_each_runner: Account, trained: dict[str, Any]) -> None:
    assert trained["TrainingJobStatus"] == "Completed", trained.get("FailureReason")
    uri = trained["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://iris/")
    assert on_each_runner.s3.head_object(Bucket="iris", Key=uri)["ContentLength"] > 0


def test_its_metrics_are_sagemakers(on_each_runner: Account, trained: dict[str, Any]) -> None:
    definitions = trained["AlgorithmSpecification"]["MetricDefinitions"]
    assert {
        "Name": "validation:rmse",
        "Regex": r".*\[[0-9]+\].*#011validation-rmse:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*",
    } in definitions
    final = {each["MetricName"]: each["Value"] for each in trained["FinalMetricDataList"]}
    assert final.keys() == {"train:rmse", "validation:rmse"}
    lines = [line for line in on_each_runner.log("/aws/sagemaker/TrainingJobs") if "[2]" in line]
    assert f"[2]#011train-rmse:{final['train:rmse']:.5f}#011validation-rmse:" in lines[0]


def test_its_endpoint_answers(on_each_runner: Account, trained: dict[str, Any]) -> None:
    account = on_each_runner
    name = "xgboost-endpoint"
    account.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=account.role,
        PrimaryContainer={
            "Image": XGBOOST,
            "ModelDataUrl": trained["ModelArtifacts"]["S3ModelArtifacts"],
        },
    )
    variant = {"VariantName": "trees", "ModelName": name, "InstanceType": "ml.t2.medium"}
    account.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert account.endpoint(name)["EndpointStatus"] == "InService"
    _, answer = account.ask(name, b"3,4\n9,9")
    assert len([float(cell) for cell in answer.split(b",")]) == 2
    wrong = (
        r"(?s)client error \(415\) from primary with message.*row 1, column 2: could not convert"
    )
    with pytest.raises(ClientError, match=wrong):
        account.ask(name, b"3,east")
    account.sagemaker.delete_endpoint(EndpointName=name)


def test_each_version_has_its_defaults(on_each_runner: Account) -> None:
    with ThreadPoolExecutor() as pool:  # asked for at the same time
        old, new = pool.map(
            lambda image: train(on_each_runner, f"v-{image[-5:-2].replace('.', '')}", image),
            (XGBOOST, OTHER),
        )
    errors = [
        {each["MetricName"]: each["Value"] for each in ended["FinalMetricDataList"]}["train:rmse"]
        for ended in (old, new)
    ]
    assert errors[0] > 1.5 * errors[1]  # 1.7 begins at 0.5, 3.2 at the labels' mean


def test_what_is_wrong_with_the_data_is_the_reason(account: Account) -> None:
    account.s3.put_object(Bucket="iris", Key="words/train.csv", Body=b"label,a\n1,2\n")
    source = [channel("train", "s3://iris/words", ContentType="text/csv")]
    ended = train(account, "words", InputDataConfig=source)
    assert ended["FailureReason"].startswith("AlgorithmError: framework error: Failed to load csv")
    assert "row 1, column 1: could not convert string to float: 'label'" in ended["FailureReason"]


@pytest.mark.parametrize(
    ("wrong", "image", "reason"),
    [
        ({"eta": "5"}, OTHER, "Hyperparameter eta: found 5; allowed: a number from 0 to 1"),
        (
            {"eval_metric": "rmse"},
            XGBOOST,
            "Hyperparameter eval_metric: found without it; allowed: only with objective",
        ),
        (
            {"objective": "reg:absoluteerror"},
            XGBOOST.replace("1.7-1", "1.0-1-cpu-py3"),
            'Hyperparameter objective: found "reg:absoluteerror"; allowed: others in version '
            "1.0-1: this one is there from 1.7",
        ),
    ],
)
def test_values_that_awss_image_refuses_fail_a_job(
    account: Account, wrong: dict[str, str], image: str, reason: str
) -> None:
    name = f"refused-{'-'.join(wrong)}".replace("_", "-")
    ended = train(account, name, image, HyperParameters=ROUNDS | wrong)
    assert ended["TrainingJobStatus"] == "Failed"
    assert ended["FailureReason"] == f"AlgorithmError: framework error: {reason}, exit code: 1"


def test_what_awss_image_would_ignore_fails_no_job(account: Account) -> None:
    ignored = ROUNDS | {"rate_drop": "0.1", "lambda_bias": "0.5"}
    ended = train(account, "ignored", HyperParameters=ignored)
    assert ended["TrainingJobStatus"] == "Completed", ended.get("FailureReason")


def test_metrics_are_refused_even_if_they_are_sagemakers(account: Account) -> None:
    metrics = (builtin.metric_definitions(XGBOOST) or [])[:40]  # as many as a request may have
    spec = algorithm(MetricDefinitions=metrics)
    with pytest.raises(ClientError, match=OWN_METRICS):
        train(account, "own-metrics", AlgorithmSpecification=spec)


def tuning(account: Account, name: str, metric: str, **spec: Any) -> None:
    definition = {
        member: value
        for member, value in job(account, name).items()
        if member not in ("TrainingJobName", "HyperParameters", "AlgorithmSpecification")
    }
    depths = {"Name": "max_depth", "MinValue": "1", "MaxValue": "5"}
    account.sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": metric},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {"IntegerParameterRanges": [depths]},
        },
        TrainingJobDefinition={
            **definition,
            "StaticHyperParameters": ROUNDS,
            "AlgorithmSpecification": algorithm(**spec),
        },
    )


def test_a_tuning_finds_the_algorithms_own_metric(account: Account) -> None:
    tuning(account, "tuned-xgboost", "validation:mae")
    described: dict[str, Any] = {}
    while described.get("HyperParameterTuningJobStatus") in (None, "InProgress"):
        described = account.sagemaker.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName="tuned-xgboost"
        )
    assert described["HyperParameterTuningJobStatus"] == "Completed", described
    objective = described["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert objective["MetricName"] == "validation:mae"


def test_a_tuning_by_a_metric_that_it_does_not_have_is_refused(account: Account) -> None:
    with pytest.raises(ClientError, match="A metric is required for this hyperparameter tuning"):
        tuning(account, "by-nothing", "validation:rsme")
    metrics = [{"Name": "validation:rmse", "Regex": "rmse:(.*)"}]
    with pytest.raises(ClientError, match=OWN_METRICS):
        tuning(account, "by-own", "validation:rmse", MetricDefinitions=metrics)


REFUSED = {
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/flowers:1": (
        "is of the account 123456789012: the embedded AWS has the images of its own account, "
        "000000000000, and stand-ins for AWS's own sagemaker-xgboost"
    ),
    "683313688378.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1": (
        "is of the account 683313688378: the embedded AWS has the images of its own account"
    ),
    XGBOOST.replace("us-east-1", "eu-west-1"): (
        "does not exist: in eu-west-1 its account is 141502667606"
    ),
    XGBOOST.replace("1.7-1", "1.7"): (
        "does not exist; SageMaker's XGBoost has the tags 3.2-0, 3.0-5, 1.7-1"
    ),
}


@pytest.mark.parametrize("image", REFUSED)
def test_images_of_other_accounts_are_refused(account: Account, image: str) -> None:
    with pytest.raises(ClientError) as raised:
        account.sagemaker.create_model(
            ModelName="foreign", ExecutionRoleArn=account.role, PrimaryContainer={"Image": image}
        )
    assert f"image {image} {REFUSED[image]}" in raised.value.response["Error"]["Message"]


def test_a_job_of_an_image_of_another_account_fails_with_words(account: Account) -> None:
    image = next(iter(REFUSED))
    ended = account.train("foreign", AlgorithmSpecification=algorithm(image))
    assert ended["FailureReason"] == f"ClientError: image {image} {REFUSED[image]}"


@pytest.mark.usefixtures("trained")
def test_awss_registry_is_not_the_accounts_own(on_each_runner: Account) -> None:
    ecr = on_each_runner.aws.client("ecr")
    names = [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]
    assert "sagemaker-xgboost" not in names
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        ecr.batch_get_image(repositoryName="sagemaker-xgboost", imageIds=[{"imageTag": "1.7-1"}])


def test_an_image_of_ones_own_is_found_by_its_registrys_account(account: Account) -> None:
    ecr = account.aws.client("ecr")
    for registry in ({}, {"registryId": "000000000000"}):
        found = ecr.batch_get_image(
            repositoryName="greeter", imageIds=[{"imageTag": IMAGE.rpartition(":")[2]}], **registry
        )
        assert found["images"][0]["registryId"] == "000000000000"


def test_an_image_is_found_by_its_tag(account: Account) -> None:
    for tag, found in (("1.0-1-cpu-py3", True), ("1.0-1", False)):
        request = {
            "ModelName": f"v{tag.replace('.', '-')}",
            "ExecutionRoleArn": account.role,
            "PrimaryContainer": {"Image": XGBOOST.replace("1.7-1", tag)},
        }
        if found:
            account.sagemaker.create_model(**request)
        else:
            with pytest.raises(ClientError, match="does not exist; SageMaker's XGBoost has"):
                account.sagemaker.create_model(**request)
