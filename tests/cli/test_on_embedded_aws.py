"""The commands as a person runs them, against an AWS that trains, tunes and transforms for real.

It throttles every third call to SageMaker, which nobody may notice.
"""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.cdk_cli import ROOT
from local.session import EmbeddedAWS
from tests.local.conftest import Account
from tests.local.tuner import Tuner
from tests.local.worker import Worker

DEPLOYED = "sagestack-iris-mars-mars-1"


class Shell:
    """A shell in the project, with the environment of the embedded AWS."""

    def __init__(self, aws: EmbeddedAWS) -> None:
        self._environment = aws.environment()

    def start(self, command: str, **words: str) -> subprocess.Popen[str]:
        """Start a command; what it prints is read from stdout."""
        options = [f"--{word}={value}" for word, value in words.items()]
        return subprocess.Popen(
            [sys.executable, "-m", "cli", command, *options],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str, **words: str) -> tuple[int, str]:
        """Run a command; its exit code and all that it printed."""
        process = self.start(command, **words)
        printed = process.communicate(timeout=120)[0]
        return process.returncode, printed


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account with the stacks of two workloads, but for all that no command asks for."""
    state = tmp_path_factory.mktemp("embedded-aws")
    settings = {"SAGESTACK_RUNNER": "process", "SAGESTACK_FAULTS": "throttle=3"}
    with EmbeddedAWS(state, settings=settings) as aws:
        account = Account(aws)
        artifacts = {"S3OutputPath": "s3://iris/iris-mars/models/mars"}
        account.train(DEPLOYED, OutputDataConfig=artifacts, HyperParameters={"do": "train"})
        _stack(aws, "sagestack-iris-mars", TrainingJobs=DEPLOYED)
        _stack(aws, "sagestack-iris-tuned", EndpointName="flowers")
        _stack(aws, "sagestack-shared", DataBucket="work")
        yield account


def _stack(aws: EmbeddedAWS, name: str, **outputs: str) -> None:
    """Deploy a stack with these outputs, and a key."""
    template = {
        "Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {}}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Tags=[{"Key": "app", "Value": "sagestack"}],
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


@pytest.fixture(scope="module")
def shell(account: Account) -> Shell:
    return Shell(account.aws)


@pytest.fixture(scope="module")
def worker(account: Account) -> Worker:
    """A model that answers each line with its number of columns, served as iris-tuned."""
    worker = Worker(account)
    variant = {"VariantName": "mars", "ModelName": worker.model("counter")}
    size = {"InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
    account.sagemaker.create_endpoint_config(
        EndpointConfigName="flowers", ProductionVariants=[{**variant, **size}]
    )
    account.sagemaker.create_endpoint(EndpointName="flowers", EndpointConfigName="flowers")
    account.endpoint("flowers")
    return worker


def _described(account: Account, printed: str) -> dict[str, Any]:
    """Describe the training job that was submitted."""
    submitted = re.search(r"^submitted  (\S+)$", printed, re.MULTILINE)
    assert submitted, printed
    job: dict[str, Any] = account.sagemaker.describe_training_job(TrainingJobName=submitted[1])
    return job


def test_a_training_job_is_submitted_and_followed_to_its_artifact(
    account: Account, shell: Shell
) -> None:
    code, printed = shell.run("train", workload="iris-mars", set="degree=3")
    assert code == 0, printed
    job = _described(account, printed)
    assert job["TrainingJobStatus"] == "Completed"
    assert job["HyperParameters"] == {"do": "train", "degree": "3"}
    assert "rmse=3.5; rmse=0.25;" in printed
    assert re.search(r"^rmse +0\.25 +0\.25 *$", printed, re.MULTILINE)
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert f'artifact = "{artifact}"' in printed
    key = artifact.removeprefix("s3://iris/")
    assert account.s3.head_object(Bucket="iris", Key=key)["ContentLength"] > 0


def test_a_failing_training_job_is_exit_code_1_and_its_programs_own_text(shell: Shell) -> None:
    code, printed = shell.run("train", workload="iris-mars", set="do=fail")
    assert code == 1
    assert "Failed: AlgorithmError: column Sepal.Length is missing" in printed
    assert "Traceback" not in printed


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Have programs that are started heed SIGINT, also where these tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_the_job_running_and_logs_finds_it_again(
    account: Account, shell: Shell
) -> None:
    following = shell.start("train", workload="iris-mars", set="do=wait")
    assert following.stdout is not None
    printed = ""
    while "rmse=" not in printed:
        printed += following.stdout.readline()
        assert following.poll() is None, printed
    time.sleep(0.5)  # it has printed the line, and waits for the next
    following.send_signal(signal.SIGINT)
    printed += following.communicate(timeout=120)[0]
    assert following.returncode == 130
    assert "The job goes on." in printed
    job = _described(account, printed)
    assert job["TrainingJobStatus"] == "InProgress"
    account.sagemaker.stop_training_job(TrainingJobName=job["TrainingJobName"])
    code, printed = shell.run("logs", job=job["TrainingJobName"])
    assert code == 0
    assert "rmse=3.5; rmse=0.25;" in printed
    assert f"training job {job['TrainingJobName']} Stopped" in printed


def test_a_file_is_transformed_by_the_model_that_serves(
    shell: Shell, worker: Worker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("flowers") / "new.csv"
    file.write_text("3.5,1.4,0.2,setosa\n3.0,4.2,1.2,versicolor\n")
    code, printed = shell.run("transform", workload="iris-tuned", input=str(file))
    assert code == 0, printed
    answers = re.search(r"^answers +s3://work/(\S+)$", printed, re.MULTILINE)
    assert answers, printed
    joined = "3.5,1.4,0.2,setosa,4\n3.0,4.2,1.2,versicolor,4\n"
    assert worker.stored(answers[1]) == {"new.csv.out": joined}
    assert '"lines": 2' in printed  # what the container said


def test_a_transform_of_nothing_is_refused_before_there_is_a_job(
    account: Account, shell: Shell, worker: Worker
) -> None:
    before = account.sagemaker.list_transform_jobs()["TransformJobSummaries"]
    worker.put(empty_csv="")
    code, printed = shell.run("transform", workload="iris-tuned", input="s3://work/empty")
    assert code == 2
    assert printed.startswith('INPUT: found no data below "s3://work/empty"')
    assert account.sagemaker.list_transform_jobs()["TransformJobSummaries"] == before


def test_a_tuning_job_is_followed_to_the_table_of_its_training_jobs(
    account: Account, shell: Shell
) -> None:
    tuner = Tuner(account)
    tuner.start("sagestack-tuning", jobs=3, parallel=2)
    code, printed = shell.run("logs", job="sagestack-tuning")
    assert code == 0, printed
    job = account.sagemaker.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="sagestack-tuning"
    )
    best = job["BestTrainingJob"]["TrainingJobName"]
    _, _, table = printed.partition("training job ")
    assert len(re.findall(r"^sagestack-tuning-00[1-3]-\w+ ", table, re.MULTILINE)) == 3
    assert table.splitlines()[1].startswith(f"{best} ")
    assert f"make logs JOB={best}" in printed


def test_a_processing_job_that_fails_is_told_with_its_programs_message(
    shell: Shell, worker: Worker
) -> None:
    worker.put(rows__a_csv="1\n")
    worker.process("sagestack-evaluation", "fail")
    _, printed = shell.run("logs", job="sagestack-evaluation")
    said, ended = printed.splitlines()
    assert said == "processing"
    assert re.search(r"Failed: .*exit code: 3; column Species is missing$", ended)


def test_a_stack_whose_file_is_gone_is_removed(account: Account, shell: Shell) -> None:
    _stack(account.aws, "sagestack-petal-width", EndpointName="petals")
    code, printed = shell.run("remove", workload="petal-widht", yes="1")
    assert code == 2
    assert 'did you mean "petal-width"' in printed
    code, printed = shell.run("remove", workload="petal-width", yes="1")
    assert code == 0, printed
    assert "✓ sagestack-petal-width is gone" in printed
    assert re.search(r" DELETE_COMPLETE  Key$", printed, re.MULTILINE)
    code, printed = shell.run("remove", workload="petal-width", yes="1")
    assert code == 2
    assert "petal-width" not in printed.partition("allowed:")[2]
