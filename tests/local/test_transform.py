"""Transform jobs, by boto3 against the running server."""

import gzip
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import TIMEOUT, Account
from tests.local.worker import Worker

TAG = {"Key": "app", "Value": "x"}


@pytest.fixture(scope="module")
def worker(account: Account) -> Worker:
    worker = Worker(account)
    worker.model("counter", LEVEL="3")
    worker.put(in__a_csv="1,2\n1,2,3\n", in__more__b_csv="1\n", one_csv="1,2\n3\n4,5,6\n")
    return worker


def lines(worker: Worker, name: str) -> list[str]:
    """What all streams of a job say."""
    return [line for stream in worker.log("Transform", name).values() for line in stream]


def requests(worker: Worker, name: str) -> list[dict[str, Any]]:
    """What the model server was asked."""
    marked = (line.partition("request ") for line in lines(worker, name))
    return [json.loads(rest) for _, mark, rest in marked if mark]


def test_each_object_below_the_prefix_has_an_output(worker: Worker) -> None:
    job = worker.transform("each", "s3://work/in/")
    assert job["TransformJobStatus"] == "Completed", job
    assert job["TransformStartTime"] <= job["TransformEndTime"]
    assert worker.stored("out/each/") == {"a.csv.out": "2\n3\n", "more/b.csv.out": "1\n"}


def test_one_object_can_be_named_itself(worker: Worker) -> None:
    worker.transform("named", "s3://work/one.csv")
    assert worker.stored("out/named/") == {"one.csv.out": "2\n1\n3\n"}


def test_a_manifest_names_the_objects(worker: Worker) -> None:
    worker.put(some_manifest=json.dumps([{"prefix": "s3://work/in/"}, "more/b.csv"]))
    worker.transform("listed", "s3://work/some.manifest")
    assert worker.stored("out/listed/") == {"more/b.csv.out": "1\n"}


def test_gzip_is_unpacked_first(worker: Worker) -> None:
    worker.put(packed_csv_gz=gzip.compress(b"1,2\n"))
    worker.transform("packed", "s3://work/packed", source={"CompressionType": "Gzip"})
    assert worker.stored("out/packed/") == {"packed.csv.gz.out": "2\n"}


def test_payloads_are_as_large_as_they_may_be_and_are_assembled_in_order(worker: Worker) -> None:
    rows = [",".join("x" * (1 + number % 7)) for number in range(220_000)]
    worker.put(large_csv="".join(f"{row}\n" for row in rows))
    worker.transform(
        "large",
        "s3://work/large.csv",
        given={"MaxPayloadInMB": 1, "MaxConcurrentTransforms": 3, "BatchStrategy": "MultiRecord"},
    )
    (output,) = worker.stored("out/large/").values()
    assert output == "".join(f"{1 + row.count(',')}\n" for row in rows)
    sizes = [request["bytes"] for request in requests(worker, "large")]
    assert len(sizes) == 2
    assert max(sizes) in range(1024 * 1024 - 20, 1024 * 1024 + 1)


def test_a_single_record_is_a_request_and_so_many_go_at_once(worker: Worker) -> None:
    worker.put(rows_csv="".join(f"{'together,' * (1 + n % 3)}\n" for n in range(8)))
    worker.transform(
        "single",
        "s3://work/rows.csv",
        model=worker.model("four", TOGETHER="4"),
        given={"BatchStrategy": "SingleRecord", "MaxConcurrentTransforms": 4},
    )
    asked = requests(worker, "single")
    assert [request["lines"] for request in asked] == [1] * 8
    assert max(request["in_flight"] for request in asked) == 4
    assert worker.stored("out/single/") == {"rows.csv.out": "2\n3\n4\n2\n3\n4\n2\n3\n"}


def test_objects_too_are_sent_at_once(worker: Worker) -> None:
    worker.put(**{f"many__{name}": "together" for name in "abcd"})
    given = {"MaxConcurrentTransforms": 2}
    model = worker.model("two", TOGETHER="2")
    worker.transform(
        "many", "s3://work/many", model=model, given=given, source={"SplitType": "None"}
    )
    assert max(request["in_flight"] for request in requests(worker, "many")) == 2


def test_an_object_that_is_not_split_is_sent_as_it_is(worker: Worker) -> None:
    source = {"SplitType": "None", "ContentType": "text/csv; header=absent"}
    target = {"AssembleWith": "None", "Accept": "text/plain"}
    worker.transform("whole", "s3://work/one.csv", source=source, target=target)
    (request,) = requests(worker, "whole")
    assert (request["type"], request["accept"]) == ("text/csv; header=absent", "text/plain")
    assert request["bytes"] == len("1,2\n3\n4,5,6\n")


def test_instances_share_the_objects(worker: Worker) -> None:
    worker.put(**{f"share__{name}_csv": "1,2\n" for name in "abc"})
    worker.transform("share", "s3://work/share/", instances=2)
    assert list(worker.stored("out/share/")) == ["a.csv.out", "b.csv.out", "c.csv.out"]
    counts = [
        sum("request" in line for line in stream)
        for name, stream in worker.log("Transform", "share").items()
        if not name.endswith("/data-log")
    ]
    assert sorted(counts) == [1, 2]


def test_the_container_knows_that_it_is_a_batch_and_with_what_settings(worker: Worker) -> None:
    worker.transform("batch", "s3://work/one.csv", given={"Environment": {"SAGEMAKER_X": "7"}})
    (serving,) = (line for line in lines(worker, "batch") if line.startswith("serving "))
    told = json.loads(serving.removeprefix("serving "))
    assert {name: told[name] for name in told if "BASE" not in name and "BIND" not in name} == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_BATCH_STRATEGY": "MULTI_RECORD",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "1",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "6",
        "SAGEMAKER_X": "7",
    }


def test_input_is_filtered_and_joined_with_the_output(worker: Worker) -> None:
    worker.put(ids_csv='7,"a,b",x\n8,c,y\n')
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,1,-1]"}
    worker.transform("joined", "s3://work/ids.csv", given={"DataProcessing": processing})
    assert worker.stored("out/joined/") == {"ids.csv.out": '7,"a,b",3\n8,c,2\n'}


def test_a_models_error_fails_the_job_with_its_text_and_other_objects_are_stored(
    worker: Worker,
) -> None:
    worker.put(bad__a_csv="1,2\n", bad__b_csv="fail\n", bad__c_csv="1\n")
    job = worker.transform("bad", "s3://work/bad/")
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"] == (
        "ClientError: See job logs for more information. "
        "work/bad/b.csv: ClientError: 400: column Species is missing\nin line 1"
    )
    assert worker.stored("out/bad/") == {"a.csv.out": "2\n", "c.csv.out": "1\n"}


@pytest.mark.parametrize(("word", "tries"), [("fail", 1), ("crash", 2)])
def test_the_data_log_says_what_failed_and_only_a_5xx_is_tried_again(
    worker: Worker, word: str, tries: int
) -> None:
    worker.put(**{f"{word}_csv": word})
    given = {"ModelClientConfig": {"InvocationsMaxRetries": 1}}
    worker.transform(word, f"s3://work/{word}.csv", given=given)
    assert len(requests(worker, word)) == tries
    (log,) = (
        stream for name, stream in worker.log("Transform", word).items() if "data-log" in name
    )
    said = [line.partition(":[sagemaker logs]: ")[2] for line in log]
    headline, message = {
        "fail": ("ClientError: 400", ["column Species is missing", "in line 1"]),
        "crash": ("Bad HTTP status received from algorithm: 500", ["no memory left"]),
    }[word]
    assert said[0] == "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"
    assert said[1:] == [f"work/{word}.csv: {text}" for text in (headline, "", "Message:", *message)]


def test_a_server_that_was_busy_is_asked_again(worker: Worker) -> None:
    worker.put(flaky_csv="flaky,1\n")
    assert worker.transform("flaky", "s3://work/flaky.csv")["TransformJobStatus"] == "Completed"
    assert worker.stored("out/flaky/") == {"flaky.csv.out": "2\n"}


def test_an_answer_that_takes_too_long_fails_the_job(worker: Worker) -> None:
    worker.model("sleeper", SLOW="30")
    worker.put(sleepy_csv="slow\n")
    config = {"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0}
    job = worker.transform(
        "sleepy", "s3://work/sleepy.csv", model="sleeper", given={"ModelClientConfig": config}
    )
    assert job["FailureReason"].startswith("AlgorithmError: See job logs for more information.")
    assert "work/sleepy.csv: Unable to get response from algorithm" in job["FailureReason"]


def test_a_stopped_job_cuts_its_requests_and_leaves_nothing(worker: Worker) -> None:
    worker.model("stopper", SLOW="120")
    worker.put(endless__a_csv="slow\n", endless__b_csv="1\n")
    request = worker.transforming("endless", "s3://work/endless/", model="stopper")
    worker.sagemaker.create_transform_job(**request)
    deadline = time.monotonic() + TIMEOUT
    while not requests(worker, "endless"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    worker.sagemaker.stop_transform_job(TransformJobName="endless")
    job = worker.transformed("endless")
    assert job["TransformJobStatus"] == "Stopped"
    assert "FailureReason" not in job
    assert worker.stored("out/endless/") == {}
    assert worker.running("TransformJob-endless") == (False, False)


def test_a_model_that_does_not_load_fails_the_job(worker: Worker) -> None:
    worker.model("broken", HEALTH="exit")
    job = worker.transform("broken", "s3://work/one.csv", model="broken")
    assert job["FailureReason"] == (
        "AlgorithmError: The primary container ended with exit code 3 before it passed the ping "
        "health check"
    )
    assert "no model: giving up" in lines(worker, "broken")


def test_a_row_too_large_for_a_payload_fails_the_job(worker: Worker) -> None:
    worker.put(wide_csv="x" * 1024 * 1025)
    job = worker.transform("wide", "s3://work/wide.csv", given={"MaxPayloadInMB": 1})
    assert "work/wide.csv: Maximum payload size exceeded" in job["FailureReason"]


def test_what_was_left_out_is_described_with_its_default(worker: Worker) -> None:
    job = worker.transform("described", "s3://work/one.csv", given={"Tags": [TAG]})
    assert job["DataProcessing"] == {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    assert (job["BatchStrategy"], job["MaxPayloadInMB"]) == ("MultiRecord", 6)
    arn = job["TransformJobArn"]
    assert arn.endswith(":transform-job/described")
    assert worker.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [TAG]
    listed = worker.sagemaker.list_transform_jobs(NameContains="described")
    assert [each["TransformJobName"] for each in listed["TransformJobSummaries"]] == ["described"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"uri": "s3://work/nothing"}, 'No S3 objects found under S3 URL "s3://work/nothing"'),
        ({"model": "nobody"}, 'Could not find model "arn:aws:sagemaker:us-east-1:000000000000:'),
        ({"source": {"SplitType": "RecordIO"}}, "does not support SplitType RecordIO"),
        ({"given": {"MaxPayloadInMB": 0}}, "does not support MaxPayloadInMB 0"),
        ({"given": {"MaxPayloadInMB": 50, "MaxConcurrentTransforms": 3}}, "must not exceed 100"),
        ({"given": {"DataProcessing": {"OutputFilter": "$..a"}}}, "OutputFilter '$..a' has '..a'"),
        ({"target": {"S3OutputPath": "https://work/x"}}, "is not an S3 URI"),
    ],
)
def test_a_job_that_cannot_be_run_is_refused(
    worker: Worker, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError) as raised:
        worker.sagemaker.create_transform_job(
            **worker.transforming("refused", **{"uri": "s3://work/one.csv", **change})
        )
    assert said in str(raised.value)


def test_a_job_that_does_not_exist_can_neither_be_described_nor_stopped(worker: Worker) -> None:
    for operation in (worker.sagemaker.describe_transform_job, worker.sagemaker.stop_transform_job):
        with pytest.raises(ClientError, match="Could not find requested job with name: nobody"):
            operation(TransformJobName="nobody")


def test_a_name_can_be_used_once(worker: Worker) -> None:
    worker.transform("twice", "s3://work/one.csv")
    with pytest.raises(ClientError, match="a transform job with this name already exists"):
        worker.sagemaker.create_transform_job(**worker.transforming("twice", "s3://work/one.csv"))
