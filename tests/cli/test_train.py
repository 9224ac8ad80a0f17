"""`make train`: what is submitted, what a person sees of it, and how it ends."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cli.jobs import TRAINING, new_name
from cli.problems import InputError, JobFailed
from cli.train import train
from environments.loading import load_settings
from environments.schema import Environment
from local.cdk_cli import ROOT
from tests.cli.conftest import Terminal
from tests.cli.fake_aws import FakeAws, Record

ENVIRONMENT = Environment(name="app", tags={"team": "ecology"})
WORKLOAD = next(each for each in load_settings(ROOT).workloads if each.name == "iris-mars")
DEPLOYED = "app-iris-mars-mars-1f0c2d3e-9a8b7c6d5e4f-1"
ARN = "arn:aws:sagemaker:us-east-1:000000000000"
REQUEST: Record = {
    "AlgorithmSpecification": {"TrainingImage": "mars:1", "TrainingInputMode": "File"},
    "RoleArn": "arn:aws:iam::000000000000:role/app/training",
    "HyperParameters": {"degree": "2", "target": "Sepal.Length"},
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/iris"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://data/iris-mars/models/mars", "KmsKeyId": "key"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    "EnableManagedSpotTraining": False,
}
# what only an answer has, or a request of the deploy alone
DESCRIBED: Record = {
    "SecondaryStatus": "Completed",
    "ModelArtifacts": {"S3ModelArtifacts": "s3://data/iris-mars/models/mars/old/model.tar.gz"},
    "FinalMetricDataList": [{"MetricName": "train:rmse", "Value": 0.3015}],
    "BillableTimeInSeconds": 42,
}


@pytest.fixture
def deployed(aws: FakeAws) -> FakeAws:
    """The account with the workload's stack and its training job."""
    aws.stacks["app-iris-mars"] = {"TrainingJobs": DEPLOYED, "EndpointName": "app-iris-mars"}
    aws.add(TRAINING, DEPLOYED, **REQUEST, **DESCRIBED)
    aws.end(TRAINING, DEPLOYED)
    return aws


def _train(aws: FakeAws, terminal: Terminal, **change: Any) -> None:
    asked = {"model": "", "changed": {}, "max_runtime": None, "wait": False, **change}
    train(aws.account, terminal.console, environment=ENVIRONMENT, workload=WORKLOAD, **asked)


def _submitted(aws: FakeAws) -> Record:
    (name,) = (name for name in aws.jobs[TRAINING.name] if "submitted" in name)
    return aws.jobs[TRAINING.name][name]


def test_the_job_is_like_the_deployed_one_but_for_what_is_set(
    deployed: FakeAws, terminal: Terminal
) -> None:
    _train(deployed, terminal, changed={"degree": "1", "penalty": "3"})
    job = _submitted(deployed)
    expected = {
        **REQUEST,
        "HyperParameters": {**REQUEST["HyperParameters"], "degree": "1", "penalty": "3"},
    }
    assert {key: job[key] for key in REQUEST} == expected
    assert job["TrainingJobName"].startswith("app-iris-mars-mars-submitted-")
    assert not DESCRIBED.keys() & job.keys()


def test_the_clean_up_of_the_app_finds_the_job_by_its_tags(
    deployed: FakeAws, terminal: Terminal
) -> None:
    _train(deployed, terminal)
    assert _submitted(deployed)["Tags"] == [
        {"Key": "app", "Value": "app"},
        {"Key": "team", "Value": "ecology"},
    ]


def test_a_job_like_the_best_of_a_tuning_is_not_told_of_the_tuning(
    deployed: FakeAws, terminal: Terminal
) -> None:
    deployed.jobs[TRAINING.name][DEPLOYED] |= {
        "TuningJobArn": f"{ARN}:hyper-parameter-tuning-job/app-iri-1",
        "HyperParameters": {"degree": "3", "_tuning_objective_metric": "rmse"},
        "CheckpointConfig": {
            "S3Uri": "s3://data/iris-mars/checkpoints/mars/app-iri-1",
            "LocalPath": "/opt/ml/checkpoints",
        },
    }
    _train(deployed, terminal)
    job = _submitted(deployed)
    assert job["HyperParameters"] == {"degree": "3"}
    assert job["CheckpointConfig"] == {
        "S3Uri": f"s3://data/iris-mars/checkpoints/mars/{job['TrainingJobName']}",
        "LocalPath": "/opt/ml/checkpoints",
    }


@pytest.mark.parametrize("started", [DEPLOYED, DEPLOYED.replace("mars", "MARS")])
def test_the_job_does_not_go_on_from_the_checkpoints_of_the_deployed_one(
    deployed: FakeAws, terminal: Terminal, started: str
) -> None:
    checkpoints = {"S3Uri": f"s3://data/iris-mars/checkpoints/mars/{started}"}
    deployed.jobs[TRAINING.name][DEPLOYED] |= {"CheckpointConfig": checkpoints}
    _train(deployed, terminal)
    job = _submitted(deployed)
    folder = "s3://data/iris-mars/checkpoints/mars"
    assert job["CheckpointConfig"] == {"S3Uri": f"{folder}/{job['TrainingJobName']}"}


def test_a_longer_runtime_may_exceed_a_deploys_day_and_takes_the_wait_for_spot_with_it(
    deployed: FakeAws, terminal: Terminal
) -> None:
    limits = {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}
    deployed.jobs[TRAINING.name][DEPLOYED] |= {"StoppingCondition": limits}
    _train(deployed, terminal, max_runtime=200_000)
    assert _submitted(deployed)["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 200_000,
        "MaxWaitTimeInSeconds": 200_000,
    }


def test_a_name_of_the_longest_workload_and_model_fits_63_characters() -> None:
    name = new_name("a" * 20, "b" * 42, "c" * 63)
    assert len(name) == 63
    assert "-submitted-" in name
    # cut right behind a hyphen, which may not be doubled
    assert "--" not in new_name("a" * 32, "b")


def test_without_waiting_it_says_how_to_follow_and_how_to_stop(
    deployed: FakeAws, terminal: Terminal
) -> None:
    _train(deployed, terminal)
    name = _submitted(deployed)["TrainingJobName"]
    assert f"make logs JOB={name}" in terminal.text
    assert f"make stop JOB={name}" in terminal.text


def test_hyperparameters_are_shown_beside_the_deployed_ones(
    deployed: FakeAws, terminal: Terminal
) -> None:
    _train(deployed, terminal, changed={"degre": "1", "nk": "9"})
    rows = [line.split() for line in terminal.lines]
    assert ["degree", "2", "2"] in rows
    assert ["nk", "9", "new"] in rows
    assert ["degre", "1", "new;", "did", "you", "mean", '"degree"?'] in rows


def test_the_log_is_followed_to_the_metrics_and_the_artifact(
    deployed: FakeAws, terminal: Terminal, then: Callable[..., None]
) -> None:
    def train_a_while() -> None:
        deployed.say(f"{_submitted(deployed)['TrainingJobName']}/algo-1-1", (1, "fitting"))

    def complete() -> None:
        name = _submitted(deployed)["TrainingJobName"]
        deployed.say(f"{name}/algo-1-1", (2, "train:rmse=0.35"))
        metric = {"MetricName": "train:rmse", "Value": 0.35}
        artifact = {"S3ModelArtifacts": f"s3://data/{name}/model.tar.gz"}
        deployed.end(TRAINING, name, FinalMetricDataList=[metric], ModelArtifacts=artifact)

    then(train_a_while, complete)
    _train(deployed, terminal, wait=True)
    name = _submitted(deployed)["TrainingJobName"]
    fitting, logged, completed = (
        terminal.lines.index(line)
        for line in ("fitting", "train:rmse=0.35", "✓ Completed in 42 s of SageMaker's time")
    )
    assert fitting < logged < completed
    assert ["train:rmse", "0.3015", "0.35"] in [line.split() for line in terminal.lines]
    assert f'deploy it  artifact = "s3://data/{name}/model.tar.gz"' in terminal.lines
    assert "below [models.mars] in workloads/iris-mars.toml" in terminal.text


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        (
            {"status": "Failed", "FailureReason": "AlgorithmError: no column"},
            "Failed: AlgorithmError: no column",
        ),
        (
            {"status": "Stopped", "SecondaryStatus": "MaxRuntimeExceeded"},
            "Stopped: MaxRuntimeExceeded: allow it more than 3600 seconds by MAX_RUNTIME=",
        ),
        ({"status": "Stopped", "SecondaryStatus": "Stopped"}, "Stopped"),
    ],
)
def test_a_job_that_does_not_complete_fails_the_command_with_its_reason(
    deployed: FakeAws,
    terminal: Terminal,
    then: Callable[..., None],
    ending: dict[str, str],
    told: str,
) -> None:
    then(lambda: deployed.end(TRAINING, _submitted(deployed)["TrainingJobName"], **ending))
    with pytest.raises(JobFailed) as failure:
        _train(deployed, terminal, wait=True)
    assert str(failure.value) == f"training job {_submitted(deployed)['TrainingJobName']} {told}"


@pytest.mark.parametrize(
    "cut",
    [
        KeyboardInterrupt(),
        ClientError({"Error": {"Code": "ExpiredTokenException", "Message": "expired"}}, "Describe"),
        EndpointConnectionError(endpoint_url="https://api.sagemaker"),
    ],
)
def test_what_cuts_the_command_short_leaves_the_job_running_and_it_says_how_to_stop_it(
    deployed: FakeAws, terminal: Terminal, then: Callable[..., None], cut: BaseException
) -> None:
    def interrupt() -> None:
        raise cut

    then(interrupt)
    with pytest.raises(type(cut)):
        _train(deployed, terminal, wait=True)
    assert _submitted(deployed)["TrainingJobStatus"] == "InProgress"
    assert "The job goes on." in terminal.text
    assert "make stop JOB=" in terminal.text


def test_a_model_is_asked_for_where_there_are_several(
    deployed: FakeAws, terminal: Terminal
) -> None:
    other = {**REQUEST, "OutputDataConfig": {"S3OutputPath": "s3://data/iris-mars/models/forest/"}}
    deployed.add(TRAINING, "app-iris-mars-forest-1", **other)
    deployed.stacks["app-iris-mars"]["TrainingJobs"] += ",app-iris-mars-forest-1"
    with pytest.raises(InputError, match="MODEL: missing; allowed: mars, forest"):
        _train(deployed, terminal)
    with pytest.raises(InputError, match=r'found "forst".*did you mean "forest"'):
        _train(deployed, terminal, model="forst")
    _train(deployed, terminal, model="forest")
    assert _submitted(deployed)["OutputDataConfig"] == other["OutputDataConfig"]


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        (None, "there is no stack app-iris-mars: deploy it first"),
        ({}, "app-iris-mars is in ROLLBACK_COMPLETE: deploy it first"),
        ({"EndpointName": "app-iris-mars"}, "trains nothing"),
        ({"TrainingJobs": "gone"}, "gone, by which the stack app-iris-mars .* deleted"),
    ],
)
def test_it_says_why_there_is_no_job_to_be_like(
    deployed: FakeAws, terminal: Terminal, outputs: dict[str, str] | None, told: str
) -> None:
    del deployed.stacks["app-iris-mars"]
    if outputs is not None:
        deployed.stacks["app-iris-mars"] = outputs
    with pytest.raises(InputError, match=told):
        _train(deployed, terminal)
