"""One app's life, in order: a failed birth, deploy, updates, a failed update, its end.

The tests share one deployment and follow each other, as deploys of a real app do.
"""

import re
import time
from collections.abc import Callable, Iterator

import pytest

from local.cdk_cli import CdkError
from local.leftovers import leftovers
from tests.e2e.conftest import APP, App, project

ByHand = Callable[[int], list[float]]
WORKLOAD = "iris-mars"
CSV = b"Sepal.Width,Petal.Length,Petal.Width,Species\n3.5,1.4,0.2,setosa\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        app.bootstrap()
        yield app


def test_a_training_that_fails_fails_the_deploy_with_the_text_of_rs_error(app: App) -> None:
    app.edit('target = "Sepal.Length"', 'target = "Sepal.Girth"')
    with pytest.raises(CdkError, match=r"Sepal\.Girth"):
        app.deploy()
    assert app.stack_status() == "ROLLBACK_COMPLETE"
    assert list(app.jobs().values()) == ["Failed"]
    assert app.aws.client("sagemaker").list_endpoints()["Endpoints"] == []


def test_predictions_equal_those_of_mars_called_by_hand(app: App, by_hand: ByHand) -> None:
    app.edit('target = "Sepal.Girth"', 'target = "Sepal.Length"')
    app.deploy()
    assert app.predictions() == pytest.approx(by_hand(2), abs=1e-12)


def test_an_update_that_changes_nothing_starts_no_job(app: App) -> None:
    before = app.jobs(), app.endpoint()
    app.deploy()
    assert (app.jobs(), app.endpoint()["LastModifiedTime"]) == (
        before[0],
        before[1]["LastModifiedTime"],
    )


def test_a_changed_hyperparameter_trains_once_and_updates_the_endpoint_in_place(
    app: App, by_hand: ByHand
) -> None:
    jobs, endpoint = app.jobs(), app.endpoint()
    app.edit("degree = 2", "degree = 1")
    app.deploy()
    ((_, status),) = app.jobs().items() - jobs.items()
    assert status == "Completed"
    updated = app.endpoint()
    assert updated["CreationTime"] == endpoint["CreationTime"]
    assert updated["EndpointConfigName"] != endpoint["EndpointConfigName"]
    assert app.predictions() == pytest.approx(by_hand(1), abs=1e-12)
    configs = app.aws.client("sagemaker").list_endpoint_configs()["EndpointConfigs"]
    assert [config["EndpointConfigName"] for config in configs] == [updated["EndpointConfigName"]]


def test_a_failing_update_rolls_back_without_a_new_job_to_the_model_that_served(
    app: App, by_hand: ByHand
) -> None:
    jobs, endpoint = app.jobs(), app.endpoint()
    app.edit('target = "Sepal.Length"', 'target = "Sepal.Girth"')
    with pytest.raises(CdkError, match=r"Sepal\.Girth"):
        app.deploy()
    app.edit('target = "Sepal.Girth"', 'target = "Sepal.Length"')
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    ((_, status),) = app.jobs().items() - jobs.items()
    assert status == "Failed"
    assert app.endpoint()["EndpointConfigName"] == endpoint["EndpointConfigName"]
    assert app.predictions() == pytest.approx(by_hand(1), abs=1e-12)


def test_a_model_that_cannot_answer_the_smoke_payload_is_rolled_back(
    app: App, by_hand: ByHand
) -> None:
    jobs = app.jobs()
    # Sepal.Width is no longer known to the model, but still asked for by schema and smoke payload
    data = app.root / "workloads" / "data" / "iris.csv"
    original = data.read_text()
    data.write_text(original.replace("Sepal.Width", "Sepal.Breadth"))
    with pytest.raises(CdkError, match="smoke payload"):
        app.deploy()
    data.write_text(original)
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    ((_, status),) = app.jobs().items() - jobs.items()
    assert status == "Completed"
    assert app.predictions() == pytest.approx(by_hand(1), abs=1e-12)


def test_going_back_to_earlier_settings_finds_the_job_that_was_trained_with_them(
    app: App, by_hand: ByHand
) -> None:
    jobs = app.jobs()
    app.edit("degree = 1", "degree = 2")
    app.deploy()
    assert app.jobs() == jobs
    assert app.predictions() == pytest.approx(by_hand(2), abs=1e-12)


def test_a_deploy_of_some_workloads_is_of_what_they_need_and_leaves_the_others_as_they_are(
    app: App,
) -> None:
    jobs, endpoint = app.jobs(), app.endpoint()
    text = (app.root / "workloads" / f"{WORKLOAD}.toml").read_text()
    other = text.replace(f'name = "{WORKLOAD}"', 'name = "other"')
    (app.root / "workloads" / "other.toml").write_text(other)
    app.deploy(app.stack, f"{APP}-api")
    assert app.jobs() == jobs
    assert app.endpoint()["LastModifiedTime"] == endpoint["LastModifiedTime"]
    stacks = app.aws.client("cloudformation").describe_stacks()["Stacks"]
    assert f"{APP}-other" not in {stack["StackName"] for stack in stacks}
    # what is shared is deployed whole: a deploy of the others keeps the log group of each
    prefix = "/aws/sagemaker/Endpoints/"
    groups = app.aws.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    expected = {f"{prefix}{app.stack}", f"{prefix}{APP}-other"}
    assert {group["logGroupName"] for group in groups} == expected


def test_the_api_lists_what_is_deployed(app: App) -> None:
    until_known(app)
    (workload,) = app.api.get("/workloads").json()["workloads"]
    assert workload["name"] == WORKLOAD
    assert app.api.get(f"/workloads/{WORKLOAD}").json() == workload
    assert workload["variants"][0]["model_version"] == _model_name(app)
    assert workload["variants"][0]["artifact"].endswith("/output/model.tar.gz")
    assert [feature["name"] for feature in workload["features"]] == [
        "Sepal.Width",
        "Petal.Length",
        "Petal.Width",
        "Species",
    ]


def test_the_api_takes_csv_and_json_in_any_order_of_the_columns(app: App) -> None:
    until_known(app)
    path = f"/workloads/{WORKLOAD}/invocations"
    csv = app.api.post(path, CSV, content_type="text/csv")
    instance = b'"Species": "setosa", "Sepal.Width": 3.5, "Petal.Width": 0.2, "Petal.Length": 1.4'
    json = app.api.post(path, b'{"instances": [{%s}]}' % instance, content_type="application/json")
    assert csv.status == json.status == 200
    lines = app.api.post(path, b"{%s}\n" % instance, content_type="application/jsonlines")
    columns = b'{"columns": {%s}}' % re.sub(rb": ([^,]+)", rb": [\1]", instance)
    by_column = app.api.post(path, columns, content_type="application/json")
    assert lines.status == by_column.status == 200, by_column.body
    answers = [each.json() for each in (csv, json, lines, by_column)]
    assert len({str(each["predictions"]) for each in answers}) == 1
    assert len({each["request_id"] for each in answers}) == 4
    assert csv.headers["x-invoked-production-variant"] == csv.json()["variant"] == "mars"
    assert csv.json()["model_version"] == csv.headers["x-model-version"] == _model_name(app)
    as_csv = app.api.post(path, CSV, content_type="text/csv", accept="text/csv")
    assert as_csv.headers["content-type"] == "text/csv"
    assert [float(line) for line in as_csv.body.split()] == csv.json()["predictions"]


def until_known(app: App) -> None:
    """Wait until the API knows of the last deploy, which is half a minute after it at the latest.

    Each process of its function looks for itself, so that some may know while others do not.
    """
    known, deadline = 0, time.monotonic() + 120
    while known < 5:
        assert time.monotonic() < deadline
        (variant,) = app.api.get(f"/workloads/{WORKLOAD}").json()["variants"]
        known = known + 1 if variant["model_version"] == _model_name(app) else 0
        time.sleep(0.2)


def _model_name(app: App) -> str:
    name = app.endpoint()["EndpointConfigName"]
    config = app.aws.client("sagemaker").describe_endpoint_config(EndpointConfigName=name)
    return str(config["ProductionVariants"][0]["ModelName"])


@pytest.mark.parametrize(
    ("body", "content_type", "status", "told"),
    [
        (b"", "text/csv", 400, "empty"),
        (CSV.replace(b"Sepal.Width", b"Sepal.Girth"), "text/csv", 400, "Sepal.Girth"),
        (CSV.replace(b"setosa", b"tulip"), "text/csv", 400, "versicolor"),
        (CSV.replace(b"3.5", b"wide"), "text/csv", 400, "wide"),
        (b"{", "application/json", 400, "JSON"),
        (CSV, "application/xml", 415, "text/csv"),
        (CSV + b"3.5,1.4,0.2,setosa\n" * 280_000, "text/csv", 413, "5242880"),
        (CSV + b"3.5,1.4,0.2,setosa\n" * 370_000, "text/csv", 413, "5242880"),
    ],
    ids=["empty", "wrong column", "unknown level", "no number", "no JSON", "XML", "5.3 MB", "7 MB"],
)
def test_a_bad_request_is_told_what_is_expected(
    app: App, body: bytes, content_type: str, status: int, told: str
) -> None:
    answer = app.api.post(f"/workloads/{WORKLOAD}/invocations", body, content_type=content_type)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.body.decode()


def test_an_unknown_workload_is_answered_with_those_there_are(app: App) -> None:
    answer = app.api.post("/workloads/tulips/invocations", CSV, content_type="text/csv")
    assert answer.status == 404
    assert answer.json()["allowed"] == [WORKLOAD]


def test_destroy_leaves_nothing(app: App) -> None:
    app.deployment.destroy(print)
    assert leftovers(app.aws.client) == []
