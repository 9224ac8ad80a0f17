"""The dev host's R scripts, run unchanged, with the permissions that they need and no other."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator

import pytest

from local.cdk_cli import ROOT
from tests.e2e.conftest import APP, App, project
from tests.e2e.dev_host import Host, add_host, statements

WORKLOAD = "iris-tuned"
IRISES = ROOT / "workloads" / "data" / "iris"
SUBMITTED = rf"{APP}-{WORKLOAD}-mars-submitted-\d{{8}}-\d{{6}}-\d{{3}}"
BY_HAND = """
suppressPackageStartupMessages(library(mda))
rows <- read.csv(commandArgs(TRUE), stringsAsFactors = TRUE)
x <- model.matrix(~ ., rows[-1])[, -1]
held_out <- seq_len(nrow(rows)) %% 5 == 0
fit <- mars(x[!held_out, ], rows[[1]][!held_out], degree = 2)
cat(sqrt(mean((predict(fit, x[held_out, ]) - rows[[1]][held_out])^2)))
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        add_host(app)
        app.bootstrap()
        app.deploy()
        yield app


@pytest.fixture(scope="module")
def host(app: App, tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host.deployed(app, tmp_path_factory)


def metrics_in(printed: str) -> dict[str, tuple[float, float]]:
    """The deployed model's and the job's figure of each metric in the table."""
    (table,) = re.findall(r"^ metric .*\n((?: \S+ +\S+ +\S+ *\n)+)", printed, re.MULTILINE)
    rows = (line.split() for line in table.splitlines())
    return {name: (float(deployed), float(new)) for name, deployed, new in rows}


def evaluation(app: App, folder: str) -> dict[str, float]:
    bucket, _, key = f"{folder}/evaluation.json".removeprefix("s3://").partition("/")
    content = app.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    metrics: dict[str, float] = json.loads(content)["metrics"]
    return metrics


def assert_metrics(app: App, printed: str) -> None:
    """Whether the table has the figures of both evaluations."""
    (folder,) = re.findall(r"^evaluation +(s3://\S+)$", printed, re.MULTILINE)
    deployed, new = evaluation(app, app.output("MarsEvaluation")), evaluation(app, folder)
    table = metrics_in(printed)
    assert table.keys() == deployed.keys() == new.keys()
    for name, (before, now) in table.items():
        assert before == pytest.approx(deployed[name], rel=1e-5)
        assert now == pytest.approx(new[name], rel=1e-5)
    assert deployed["rmse"] != new["rmse"]


def test_the_prototype_shows_the_training_data_and_what_a_fit_by_hand_is_worth(host: Host) -> None:
    printed = host.holds("prototype.R", WORKLOAD)
    assert re.search(r"setosa +:30", printed)
    by_hand = subprocess.run(
        ["Rscript", "-e", BY_HAND, str(IRISES / "train.csv")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (rmse,) = re.findall(r"^ +rmse .*\n *(\S+)", printed, re.MULTILINE)
    assert float(rmse) == pytest.approx(float(by_hand), rel=1e-5)
    assert (host.folder / "prototype.pdf").read_bytes().startswith(b"%PDF")


def test_a_submitted_job_has_the_changed_hyperparameters_and_is_compared_with_the_deployed_one(
    host: Host,
) -> None:
    printed = host.holds("submit.R", WORKLOAD, "degree=3", "penalty=5")
    (name,) = re.findall(rf"^submitted training job  ({SUBMITTED})$", printed, re.MULTILINE)
    sagemaker = host.app.aws.client("sagemaker")
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert job["TrainingJobStatus"] == "Completed"
    assert job["HyperParameters"] == {"target": "Sepal.Length", "degree": "3", "penalty": "5"}
    tags = sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "app", "Value": APP}]
    deployed = sagemaker.describe_training_job(TrainingJobName=host.app.output("TrainingJobs"))
    for member in ("AlgorithmSpecification", "InputDataConfig", "RoleArn", "StoppingCondition"):
        assert job[member] == deployed[member]
    assert re.search(r"^\d\d:\d\d:\d\d Training  ", printed, re.MULTILINE)
    assert "\ntrain:rmse=" in printed
    assert "\nevaluation:rmse=" in printed
    assert_metrics(host.app, printed)


def test_a_job_that_is_not_waited_for_is_followed_and_evaluated_later(host: Host) -> None:
    printed = host.holds("submit.R", WORKLOAD, "degree=3", "wait=no")
    (name,) = re.findall(rf"^submitted training job  ({SUBMITTED})$", printed, re.MULTILINE)
    (later,) = re.findall(r"^follow and evaluate it  Rscript (.*)$", printed, re.MULTILINE)
    assert later == f"submit.R {WORKLOAD} model=mars job={name}"
    assert "train:rmse=" not in printed
    assert " metric " not in printed

    followed = host.holds(*later.split())
    assert "submitted training job" not in followed
    assert "\ntrain:rmse=" in followed
    assert_metrics(host.app, followed)


def test_without_an_evaluation_the_trainings_own_metrics_are_compared(host: Host) -> None:
    jobs = {"models": {"mars": {"training_job": host.app.output("TrainingJobs")}}}
    ssm = host.app.aws.client("ssm")
    # a workload that is not evaluated; its name is only a part of what is submitted
    entry = f"/{APP}/jobs/iris-plain"
    ssm.put_parameter(Name=entry, Value=json.dumps(jobs), Type="String")
    try:
        printed = host.holds("submit.R", "iris-plain", "degree=3", "penalty=5")
    finally:
        ssm.delete_parameter(Name=entry)
    assert "iris-plain has no evaluation; what the training says of itself:" in printed
    before, now = metrics_in(printed)["validation:rmse"]
    objective = host.app.output("MarsObjective").partition(" = ")[2]
    assert before == pytest.approx(float(objective), rel=1e-5)
    assert before != now


def test_predictions_are_those_of_the_api_called_directly(host: Host) -> None:
    lines = (IRISES / "test.csv").read_text().splitlines()
    body = "".join(line.partition(",")[2] + "\n" for line in lines)
    (host.folder / "rows.csv").write_text(body)
    printed = host.holds("predict.R", WORKLOAD, "rows.csv")
    answer = host.app.api.post(
        f"/workloads/{WORKLOAD}/invocations",
        body.encode(),
        content_type="text/csv",
        accept="application/json",
    )
    predicted = [float(line.split()[-1]) for line in printed.splitlines()[1:]]
    assert len(predicted) == 30
    assert predicted == pytest.approx(answer.json()["predictions"], rel=1e-6)


def test_the_rows_in_the_script_itself_are_predicted(host: Host) -> None:
    printed = host.holds("predict.R")
    assert re.search(r"^1 +3\.5 +1\.4 +0\.2 +setosa +[45]\.\d+$", printed, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("prototype.R iris", 'workload: found "iris"; allowed: iris-tuned'),
        ("prototype.R iris-tuned modle=a", 'found "modle="; allowed: model=, channel=, target='),
        ("prototype.R iris-tuned channel=a", 'channel: found "a"; allowed: train, validation'),
        ("submit.R iris", 'workload: found "iris"; allowed: iris-tuned'),
        ("submit.R iris-tuned model=lm", 'model: found "lm"; allowed: mars'),
        ("submit.R iris-tuned wait=maybe", 'wait: found "maybe"; allowed: yes, no'),
        ("submit.R iris-tuned degree", 'found "degree" without a "="; allowed: Rscript submit.R '),
        ("submit.R iris-tuned degree=", 'found "degree=", which is no key=value; allowed: Rscript'),
        (
            f"submit.R iris-tuned job={APP}-none",
            f"training job {APP}-none: An error occurred (ValidationException) when calling",
        ),
        ("predict.R iris", "the API answers 404: there is no workload iris; allowed: iris-tuned"),
        ("predict.R iris-tuned none.csv", 'there is no file "none.csv"'),
        ("predict.R iris-tuned variant=b", "the API answers 404: iris-tuned has no variant b; "),
    ],
)
def test_a_mistake_is_one_line_with_what_is_allowed(host: Host, words: str, line: str) -> None:
    assert host.refuses(*words.split()).startswith(line)


def test_a_training_that_fails_ends_with_the_containers_own_reason(host: Host) -> None:
    line = host.refuses("submit.R", WORKLOAD, "degree=0")
    assert re.match(
        rf"training job {SUBMITTED} Failed: AlgorithmError: hyperparameter 'degree': found '0', "
        "allowed: a whole number from 1",
        line,
    )


def test_an_app_that_is_not_deployed_is_named(host: Host) -> None:
    line = host.refuses("prototype.R", SAGESTACK_APP="other")
    assert "ssm:GetParametersByPath on resource: " in line
    assert "parameter/other/jobs" in line


def test_a_role_that_lacks_a_permission_says_which(
    app: App, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fewer = [
        {**each, "Resource": kept}
        for each in statements(app)
        if each["Action"] != "iam:PassRole"
        and (kept := [on for on in _listed(each["Resource"]) if not on.endswith("/*/data/*")])
    ]
    host = Host.made(app, tmp_path_factory, "lesser-host", fewer)
    assert "not authorized to perform: iam:PassRole" in host.refuses("submit.R", WORKLOAD)
    # S3 does not say which object it is
    forbidden = r"s3://\S+/iris-tuned/data/train/\w+/train\.csv: .* HeadObject operation: Forbidden"
    assert re.fullmatch(forbidden, host.refuses("prototype.R", WORKLOAD))


def test_ctrl_c_leaves_the_job_running_and_says_how_to_follow_it(host: Host) -> None:
    with host.started("submit.R", WORKLOAD, "degree=3") as script:
        assert script.stdout is not None
        for line in script.stdout:
            if "Starting" in line:
                break
        script.send_signal(signal.SIGINT)
        _, said = script.communicate(timeout=300)
    assert script.returncode == 1
    later = rf"Rscript submit.R {WORKLOAD} model=mars job=({SUBMITTED})"
    told = re.fullmatch(rf"the job goes on; follow and evaluate it by {later}\n", said)
    assert told, said
    waiter = host.app.aws.client("sagemaker").get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=told[1], WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
