from typing import Any

import pytest

from local.sagemaker.errors import SageMakerError
from local.sagemaker.logs import Metrics
from local.sagemaker.records import page
from local.sagemaker.s3_data import name_in_channel

JOBS: list[dict[str, Any]] = [
    {"Name": f"job-{number}", "Status": status, "CreationTime": number, "LastModifiedTime": number}
    for number, status in enumerate(["Completed", "Failed", "Completed", "InProgress"])
]


def listed(**request: Any) -> list[str]:
    return [job["Name"] for job in page(JOBS, request, "Name", "Status")[0]]


def test_the_newest_come_first() -> None:
    assert listed() == ["job-3", "job-2", "job-1", "job-0"]


def test_lists_are_filtered_and_sorted_as_asked() -> None:
    assert listed(StatusEquals="Completed", SortBy="Name", SortOrder="Ascending") == [
        "job-0",
        "job-2",
    ]
    assert listed(NameContains="JOB-1") == ["job-1"]
    assert listed(CreationTimeAfter=1, CreationTimeBefore=3) == ["job-2"]


def test_pages_together_are_the_whole_list() -> None:
    found: list[str] = []
    token: dict[str, Any] = {}
    while True:
        some, token = page(JOBS, {"MaxResults": 3, **token}, "Name", "Status")
        found += [job["Name"] for job in some]
        if not token:
            break
    assert found == listed()


def test_a_made_up_token_is_refused() -> None:
    with pytest.raises(SageMakerError, match="Invalid NextToken: x"):
        listed(NextToken="x")


@pytest.mark.parametrize(
    ("prefix", "key", "name"),
    [
        ("iris/iris.csv", "iris/iris.csv", "iris.csv"),
        ("iris", "iris/a/iris.csv", "a/iris.csv"),
        ("iris/", "iris/a/iris.csv", "a/iris.csv"),
        ("iris/part-", "iris/part-1.csv", "part-1.csv"),
        ("", "iris.csv", "iris.csv"),
    ],
)
def test_a_channels_files_are_named_without_the_prefixs_folder(
    prefix: str, key: str, name: str
) -> None:
    assert name_in_channel(key, prefix) == name


def test_the_last_match_of_a_metric_is_its_final_value() -> None:
    metrics = Metrics(
        [
            {"Name": "rmse", "Regex": "rmse=([0-9.]+);"},
            {"Name": "none", "Regex": "loss=([0-9.]+);"},
        ]
    )
    for line in ("rmse=3.5;", "other", "rmse=0.25;"):
        metrics.line(line)
    assert [(m["MetricName"], m["Value"]) for m in metrics.final()] == [("rmse", 0.25)]
