"""How a training program gets its data: File, FastFile, Pipe, manifests."""

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Account
from tests.local.shell import channel, model, shell_job, train

PARTS = {f"part-{number}.csv": f"{number},{number}\n" for number in range(4)}
PIPE = {"TrainingInputMode": "Pipe"}


@pytest.fixture(scope="module")
def bucket(on_each_runner: Account) -> Account:
    """An account whose bucket has data in several objects."""
    s3 = on_each_runner.s3
    for name, text in PARTS.items():
        s3.put_object(Bucket="iris", Key=f"parts/{name}", Body=text.encode())
    s3.put_object(Bucket="iris", Key="packed/a.gz", Body=gzip.compress(b"1,2\n"))
    s3.put_object(Bucket="iris", Key="packed/b.gz", Body=gzip.compress(b"3,4\n"))
    manifest: list[Any] = [{"prefix": "s3://iris/parts/"}, "part-2.csv", "part-0.csv"]
    s3.put_object(Bucket="iris", Key="lists/two.manifest", Body=json.dumps(manifest))
    return on_each_runner


def trained(
    account: Account, name: str, script: str, **change: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    job = train(account, name, script, **change)
    return job, model(account, job)


@pytest.mark.parametrize("mode", ["File", "FastFile"])
def test_the_files_of_a_prefix_are_in_the_channels_folder(bucket: Account, mode: str) -> None:
    _, made = trained(
        bucket,
        f"files-{mode.lower()}",
        "cp -r input/data/train/. input/config/inputdataconfig.json model",
        AlgorithmSpecification={"TrainingInputMode": mode},
        InputDataConfig=[channel("train", "s3://iris/parts", ContentType="text/csv")],
    )
    described = json.loads(made.pop("inputdataconfig.json"))
    assert made == PARTS
    assert described == {
        "train": {
            "ContentType": "text/csv",
            "TrainingInputMode": mode,
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        }
    }


def test_a_manifest_names_the_files(bucket: Account) -> None:
    _, made = trained(
        bucket,
        "manifest",
        "cp -r input/data/train/. model",
        InputDataConfig=[
            channel("train", "s3://iris/lists/two.manifest", S3DataType="ManifestFile")
        ],
    )
    assert made == {name: PARTS[name] for name in ("part-0.csv", "part-2.csv")}


def test_each_epoch_of_a_pipe_is_a_fifo_with_all_objects_in_their_order(
    bucket: Account,
) -> None:
    _, made = trained(
        bucket,
        "pipe",
        "for epoch in 0 1 2; do cat input/data/train_$epoch > model/$epoch; done",
        AlgorithmSpecification=PIPE,
        InputDataConfig=[channel("train", "s3://iris/parts/")],
    )
    assert made == dict.fromkeys("012", "".join(PARTS.values()))


def test_a_program_need_not_read_a_pipe_to_its_end(bucket: Account) -> None:
    bucket.s3.put_object(Bucket="iris", Key="large/a", Body=b"0123456789" * 100_000)
    _, made = trained(
        bucket,
        "pipe-head",
        "for epoch in 0 1; do head -c 5 input/data/train_$epoch > model/$epoch; done",
        AlgorithmSpecification=PIPE,
        InputDataConfig=[channel("train", "s3://iris/large/")],
    )
    assert made == {"0": "01234", "1": "01234"}


def test_a_pipe_unpacks_gzip(bucket: Account) -> None:
    _, made = trained(
        bucket,
        "pipe-gzip",
        "cat input/data/train_0 > model/0",
        AlgorithmSpecification=PIPE,
        InputDataConfig=[channel("train", "s3://iris/packed/", CompressionType="Gzip")],
    )
    assert made == {"0": "1,2\n3,4\n"}


def test_a_pipe_of_what_is_no_gzip_fails_the_job_and_does_not_wait(
    bucket: Account,
) -> None:
    job = train(
        bucket,
        "pipe-no-gzip",
        "trap exit TERM; cat input/data/train_0; cat input/data/train_1 & wait",
        AlgorithmSpecification=PIPE,
        InputDataConfig=[channel("train", "s3://iris/parts/", CompressionType="Gzip")],
    )
    assert job["FailureReason"].startswith("ClientError: s3://iris/parts/part-0.csv is not gzip")


def test_a_pipe_wraps_each_object_as_a_record(bucket: Account) -> None:
    _, made = trained(
        bucket,
        "pipe-records",
        "od -An -v -tx1 input/data/train_0 > model/0",
        AlgorithmSpecification=PIPE,
        InputDataConfig=[channel("train", "s3://iris/data/", RecordWrapperType="RecordIO")],
    )
    record = bytes.fromhex(made["0"])
    assert record == bytes.fromhex("0a23d7ce 08000000") + b"a,b\n1,2\n"


def test_a_shuffled_pipe_has_another_order_in_each_epoch_and_the_same_in_each_job(
    bucket: Account,
) -> None:
    shuffled = channel("train", "s3://iris/parts/", ShuffleConfig={"Seed": 1})
    made = [
        trained(
            bucket,
            f"pipe-shuffled-{number}",
            "for epoch in 0 1 2; do cat input/data/train_$epoch > model/$epoch; done",
            AlgorithmSpecification=PIPE,
            InputDataConfig=[shuffled],
        )[1]
        for number in range(2)
    ]
    assert made[0] == made[1]
    assert len(set(made[0].values())) > 1
    for text in made[0].values():
        assert sorted(text.splitlines(keepends=True)) == sorted(PARTS.values())


def test_a_channel_can_have_another_input_mode_than_the_job(bucket: Account) -> None:
    _, made = trained(
        bucket,
        "two-modes",
        "cat input/data/stream_0 > model/stream; cat input/data/files/* > model/files",
        InputDataConfig=[
            channel("stream", "s3://iris/parts/", InputMode="Pipe"),
            channel("files", "s3://iris/data/"),
        ],
    )
    assert made == {"stream": "".join(PARTS.values()), "files": "a,b\n1,2\n"}


def refusal(account: Account, **change: Any) -> str:
    with pytest.raises(ClientError) as raised:
        account.sagemaker.create_training_job(**shell_job(account, "refused", "true", **change))
    return str(raised.value.response["Error"]["Message"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            channel("train", "s3://iris/data/", CompressionType="Gzip"),
            "CompressionType Gzip of channel train is only for Pipe input mode",
        ),
        (
            channel("train", "s3://iris/data/", RecordWrapperType="RecordIO", InputMode="FastFile"),
            "RecordWrapperType RecordIO of channel train is only for Pipe input mode",
        ),
        (
            channel("train", "s3://iris/data/", S3DataType="AugmentedManifestFile"),
            "does not support S3DataType AugmentedManifestFile",
        ),
        (
            channel("train", "s3://iris/data/iris.csv", S3DataType="ManifestFile"),
            "s3://iris/data/iris.csv is no manifest",
        ),
        (
            channel("train", "s3://iris/nothing.manifest", S3DataType="ManifestFile"),
            'No S3 objects found under S3 URL "s3://iris/nothing.manifest"',
        ),
    ],
)
def test_data_that_cannot_be_had_is_refused(
    account: Account, given: dict[str, Any], said: str
) -> None:
    assert said in refusal(account, InputDataConfig=[given])


def test_an_object_that_a_manifest_names_in_vain_fails_the_job(bucket: Account) -> None:
    manifest: list[Any] = [{"prefix": "s3://iris/parts/"}, "part-9.csv"]
    bucket.s3.put_object(Bucket="iris", Key="lists/wrong.manifest", Body=json.dumps(manifest))
    job = train(
        bucket,
        "manifest-wrong",
        "true",
        InputDataConfig=[
            channel("train", "s3://iris/lists/wrong.manifest", S3DataType="ManifestFile")
        ],
    )
    assert "s3://iris/parts/part-9.csv cannot be read" in job["FailureReason"]


def test_a_program_is_told_where_its_checkpoints_are(bucket: Account) -> None:
    checkpoints = {"CheckpointConfig": {"S3Uri": "s3://iris/kept"}}
    copied = train(bucket, "told", "cp input/config/*.json model", **checkpoints)
    config = json.loads(model(bucket, copied)["checkpointconfig.json"])
    assert config == {"S3Uri": "s3://iris/kept", "LocalPath": "/opt/ml/checkpoints"}
    without = train(bucket, "not-told", "cp input/config/*.json model")
    assert "checkpointconfig.json" not in model(bucket, without)


def test_a_control_character_of_the_log_is_its_number(bucket: Account) -> None:
    metric = {"Name": "rmse", "Regex": "#011rmse:([0-9.]+)#007"}
    job = train(
        bucket,
        "tabs",
        r"printf 'a\trmse:0.5\a\n'",
        AlgorithmSpecification={"MetricDefinitions": [metric]},
    )
    assert [each["Value"] for each in job["FinalMetricDataList"]] == [0.5]
    assert "a#011rmse:0.5#007" in bucket.log("/aws/sagemaker/TrainingJobs")
