"""Processing jobs, by boto3 against the running server."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Account
from tests.local.worker import Worker, processing_input, processing_output


@pytest.fixture(scope="module")
def worker(account: Account) -> Worker:
    worker = Worker(account)
    worker.put(rows__a_csv="1,2\n", rows__more__b_csv="3,4\n", model_bin="model")
    return worker


@pytest.fixture(scope="module")
def completed(worker: Worker) -> dict[str, Any]:
    return worker.process(
        "completed",
        ProcessingInputs=[
            processing_input("rows", "s3://work/rows"),
            processing_input("model", "s3://work/model.bin"),
        ],
        AppSpecification={
            "ImageUri": worker.image,
            "ContainerArguments": ["process", "--rows", "1 000"],
        },
        Environment={"LEVEL": "3"},
        NetworkConfig={"EnableNetworkIsolation": True},
    )


@pytest.fixture
def seen(worker: Worker, completed: dict[str, Any]) -> dict[str, Any]:
    """What the program of the completed job saw."""
    assert completed["ProcessingJobStatus"] == "Completed", completed
    (output,) = worker.stored("completed/").values()
    return dict(json.loads(output))


def test_the_inputs_are_files_below_their_local_paths(seen: dict[str, Any]) -> None:
    assert seen["files"] == {
        "rows/a.csv": "1,2\n",
        "rows/more/b.csv": "3,4\n",
        "model/model.bin": "model",
    }


@pytest.mark.usefixtures("completed")
def test_what_is_in_the_outputs_folder_is_stored_with_its_folders(worker: Worker) -> None:
    assert list(worker.stored("completed/")) == ["hosts/algo-1.json"]


def test_the_program_gets_its_arguments_and_its_environment(seen: dict[str, Any]) -> None:
    assert seen["arguments"] == ["--rows", "1 000"]
    assert seen["environment"]["LEVEL"] == "3"
    assert not [name for name in seen["environment"] if name.startswith(("AWS_", "MINISTACK_"))]


def test_the_program_finds_the_job_and_its_hosts_in_the_config(
    completed: dict[str, Any], seen: dict[str, Any]
) -> None:
    assert seen["resources"] == {"current_host": "algo-1", "hosts": ["algo-1"]}
    for member in ("ProcessingJobArn", "AppSpecification", "ProcessingInputs", "Environment"):
        assert seen["config"][member] == completed[member]


def test_the_message_file_is_the_exit_message(completed: dict[str, Any]) -> None:
    assert completed["ExitMessage"] == "algo-1 is done. "
    assert completed["ProcessingStartTime"] <= completed["ProcessingEndTime"]
    assert "FailureReason" not in completed


@pytest.mark.usefixtures("completed")
def test_the_output_of_the_program_is_in_cloudwatch(worker: Worker) -> None:
    ((stream, lines),) = worker.log("Processing", "completed").items()
    assert stream.startswith("algo-1-")
    assert lines == ["processing --rows 1 000"]


def test_instances_share_what_is_sharded_and_each_store_their_output(worker: Worker) -> None:
    inputs = [
        processing_input("rows", "s3://work/rows", S3DataDistributionType="ShardedByS3Key"),
        processing_input("model", "s3://work/model.bin"),
    ]
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
    job = worker.process(
        "shared", ProcessingInputs=inputs, ProcessingResources={"ClusterConfig": cluster}
    )
    assert job["ExitMessage"] == "algo-1 is done. algo-2 is done. "
    stored = worker.stored("shared/hosts/")
    seen = {host: json.loads(text) for host, text in stored.items()}
    assert seen["algo-2.json"]["resources"]["hosts"] == ["algo-1", "algo-2"]
    assert {host: list(each["files"]) for host, each in seen.items()} == {
        "algo-1.json": ["model/model.bin", "rows/a.csv"],
        "algo-2.json": ["model/model.bin", "rows/more/b.csv"],
    }


def test_a_manifest_names_the_objects_of_an_input(worker: Worker) -> None:
    manifest = [{"prefix": "s3://work/rows/"}, "more/b.csv"]
    worker.put(manifest=json.dumps(manifest))
    given = processing_input("rows", "s3://work/manifest", S3DataType="ManifestFile")
    worker.process("manifest", ProcessingInputs=[given])
    (output,) = worker.stored("manifest/").values()
    assert list(json.loads(output)["files"]) == ["rows/more/b.csv"]


def test_a_failed_job_tells_its_exit_code_and_message_and_stores_nothing(worker: Worker) -> None:
    job = worker.process("failing", "fail")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: , exit code: 3"
    assert job["ExitMessage"] == "column Species is missing"
    assert worker.stored("failing/") == {}


def test_a_message_that_is_not_utf8_fails_the_job(worker: Worker) -> None:
    job = worker.process("garbage", "garbage")
    assert job["FailureReason"] == "ClientError: /opt/ml/output/message is not UTF-8"


def test_an_entrypoint_is_run_in_place_of_the_images_own(worker: Worker) -> None:
    application = {
        "ImageUri": worker.image,
        "ContainerEntrypoint": ["/opt/program/process", "--fast"],
        "ContainerArguments": ["--rows"],
    }
    assert worker.process("entry", AppSpecification=application)["ExitMessage"]
    (output,) = worker.stored("entry/").values()
    assert json.loads(output)["arguments"] == ["--fast", "--rows"]


def until_waiting(worker: Worker, name: str) -> None:
    worker.account.until_logged("/aws/sagemaker/ProcessingJobs", name, "waiting")


def test_a_stopped_job_ends_its_program_and_stores_nothing(worker: Worker) -> None:
    worker.sagemaker.create_processing_job(**worker.processing("stopped", "wait"))
    until_waiting(worker, "stopped")
    worker.sagemaker.stop_processing_job(ProcessingJobName="stopped")
    job = worker.processed("stopped")
    assert job["ProcessingJobStatus"] == "Stopped"
    assert job["ExitMessage"] == "stopped half way"
    assert worker.stored("stopped/") == {}


def test_a_job_is_stopped_after_its_max_runtime(worker: Worker) -> None:
    job = worker.process("too-long", "wait", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert job["ProcessingJobStatus"] == "Stopped"


def test_an_ended_job_leaves_no_process_and_no_folder(worker: Worker) -> None:
    worker.sagemaker.create_processing_job(**worker.processing("gone", "wait"))
    until_waiting(worker, "gone")
    assert worker.running("ProcessingJob-gone") == (True, True)
    worker.sagemaker.stop_processing_job(ProcessingJobName="gone")
    worker.processed("gone")
    assert worker.running("ProcessingJob-gone") == (False, False)


def test_jobs_are_listed_by_status_and_a_deleted_one_no_more(worker: Worker) -> None:
    worker.process("listed-ok", Tags=[{"Key": "app", "Value": "x"}])
    worker.process("listed-bad", "fail")
    sagemaker = worker.sagemaker
    listed = sagemaker.list_processing_jobs(NameContains="listed", StatusEquals="Failed")
    (summary,) = listed["ProcessingJobSummaries"]
    assert summary["ProcessingJobName"] == "listed-bad"
    assert summary["ExitMessage"] == "column Species is missing"
    sagemaker.delete_processing_job(ProcessingJobName="listed-bad")
    (left,) = sagemaker.list_processing_jobs(NameContains="listed")["ProcessingJobSummaries"]
    assert left["ProcessingJobName"] == "listed-ok"
    tags = sagemaker.list_tags(ResourceArn=left["ProcessingJobArn"])["Tags"]
    assert tags == [{"Key": "app", "Value": "x"}]


def test_a_job_that_ended_cannot_be_stopped(worker: Worker, completed: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="the processing job is in status Completed"):
        worker.sagemaker.stop_processing_job(ProcessingJobName=completed["ProcessingJobName"])
    with pytest.raises(ClientError, match="Could not find requested job with name: nobody"):
        worker.sagemaker.stop_processing_job(ProcessingJobName="nobody")


def refusal(worker: Worker, name: str, **change: Any) -> str:
    with pytest.raises(ClientError) as raised:
        worker.sagemaker.create_processing_job(**worker.processing(name, **change))
    return str(raised.value.response["Error"]["Message"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (processing_input("a", "s3://work/nothing"), "No S3 objects found under S3 URL"),
        (processing_input("a", "s3://work/rows", S3InputMode="Pipe"), "S3InputMode Pipe"),
        (processing_input("a", "s3://work/rows", S3CompressionType="Gzip"), "for S3InputMode Pipe"),
        (processing_input("a", "s3://work/rows", LocalPath="/tmp/a"), "below /opt/ml/processing"),
        (
            processing_input("a", "s3://work/rows", LocalPath="/opt/ml/processing/../x"),
            "LocalPath of input a must be below /opt/ml/processing",
        ),
        ({"InputName": "a"}, "processing inputs other than S3Input"),
    ],
)
def test_an_input_that_cannot_be_had_is_refused(
    worker: Worker, given: dict[str, Any], said: str
) -> None:
    assert said in refusal(worker, "refused", ProcessingInputs=[given])


def test_an_output_that_cannot_be_stored_is_refused(worker: Worker) -> None:
    for given, said in (
        (processing_output("s3://work/x", S3UploadMode="Continuous"), "S3UploadMode Continuous"),
        (processing_output("s3://work/x", LocalPath="/opt/ml/model"), "below /opt/ml/processing"),
        (processing_output("https://work/x"), "is not an S3 URI"),
        ({"OutputName": "a", "FeatureStoreOutput": {"FeatureGroupName": "a"}}, "S3Output"),
    ):
        outputs = {"Outputs": [given]}
        assert said in refusal(worker, "refused", ProcessingOutputConfig=outputs)


def test_two_inputs_of_one_name_or_a_place_within_another_are_refused(worker: Worker) -> None:
    given = processing_input("a", "s3://work/rows")
    said = refusal(worker, "refused", ProcessingInputs=[given, given])
    assert "Each InputName of a processing job must be unique" in said
    path = "/opt/ml/processing/a"
    for within in (path, f"{path}/b"):
        other = processing_input("b", "s3://work/rows", LocalPath=within)
        said = refusal(worker, "refused", ProcessingInputs=[other, given])
        assert f"The LocalPath {within} is, or is below, another LocalPath: {path}" in said


def test_without_docker_a_job_has_to_name_its_program(worker: Worker) -> None:
    job = worker.process("no-command", AppSpecification={"ImageUri": worker.image})
    assert job["FailureReason"].startswith("ClientError: ")
    assert job["FailureReason"].endswith("give the job an entrypoint or arguments")


def test_a_program_that_the_image_has_not_fails_the_job(worker: Worker) -> None:
    application = {"ImageUri": worker.image, "ContainerArguments": ["evaluate"]}
    job = worker.process("no-program", AppSpecification=application)
    assert (
        "has no executable evaluate in /opt/program, where without Docker" in job["FailureReason"]
    )
