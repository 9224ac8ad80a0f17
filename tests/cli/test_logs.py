"""`make logs`: any kind of job is found and followed to its end."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from cli.following import JobState
from cli.jobs import KINDS, PROCESSING, TRAINING, TRANSFORM, TUNING, Job, Kind
from cli.logs import logs
from cli.problems import InputError, JobFailed
from environments.schema import Environment
from tests.cli.conftest import Terminal
from tests.cli.fake_aws import FakeAws, Record

ENVIRONMENT = Environment(name="app")
CONFIG = {
    "Strategy": "Bayesian",
    "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
}


def _logs(aws: FakeAws, terminal: Terminal, name: str) -> None:
    logs(aws.account, terminal.console, environment=ENVIRONMENT, name=name)


@pytest.mark.parametrize("kind", [TRAINING, PROCESSING, TRANSFORM])
@pytest.mark.parametrize("missing", ["Requested resource not found.", "Could not find job x."])
def test_a_job_of_any_kind_is_found_and_followed(
    aws: FakeAws, terminal: Terminal, then: Callable[..., None], kind: Kind, missing: str
) -> None:
    aws.missing_text = missing
    aws.add(kind, "job")
    aws.say("job/algo-1-1", (1, "hello"))
    then(lambda: aws.end(kind, "job"))
    _logs(aws, terminal, "job")
    assert terminal.lines == ["hello", "✓ Completed in 42 s of SageMaker's time"]


@pytest.mark.parametrize("name", ["j" * 33, "j" * 63, "j" * 64, "a job", "job;"])
def test_a_name_that_a_kind_cannot_have_is_not_asked_for(
    aws: FakeAws, terminal: Terminal, name: str
) -> None:
    with pytest.raises(InputError, match=r"JOB: found .*; allowed: there is none yet"):
        _logs(aws, terminal, name)


def test_each_line_is_printed_once_those_too_that_come_after_the_end(
    aws: FakeAws, terminal: Terminal, then: Callable[..., None]
) -> None:
    aws.add(TRAINING, "job")
    aws.say("job/algo-1-1", (1, "one"), (2, "two"), (3, "three"))
    then(
        lambda: aws.say("job/algo-1-1", (4, "four")),
        lambda: None,
        lambda: aws.end(TRAINING, "job"),
        lambda: aws.say("job/algo-1-1", (5, "five")),
        lambda: aws.say("job/algo-1-1", (6, "six")),
    )
    _logs(aws, terminal, "job")
    assert terminal.lines[:-1] == ["one", "two", "three", "four", "five", "six"]


def test_several_hosts_are_interleaved_by_time_and_told_apart(
    aws: FakeAws, terminal: Terminal
) -> None:
    aws.add(TRAINING, "job")
    aws.end(TRAINING, "job")
    aws.say("job/algo-1-1700000000", (1, "one"), (3, "three"), (5, "five"))  # more than a page
    aws.say("job/algo-2-1700000001", (2, "two"), (6, "six"))
    aws.say("job-2/algo-1-1700000000", (2, "of another job"))
    _logs(aws, terminal, "job")
    assert terminal.lines[:-1] == [
        *("algo-1 one", "algo-2 two", "algo-1 three"),
        *("algo-1 five", "algo-2 six"),
    ]


def test_remarks_on_a_transform_are_told_from_what_its_only_container_says(
    aws: FakeAws, terminal: Terminal
) -> None:
    aws.add(TRANSFORM, "job")
    aws.end(TRANSFORM, "job")
    aws.say("job/i-0abc-1700000000", (1, "ready"))
    aws.say("job/i-0abc-1700000000/data-log", (2, "bad record"))
    _logs(aws, terminal, "job")
    assert terminal.lines[:-1] == ["ready", "data-log bad record"]


def test_a_host_that_was_started_again_is_one_host(aws: FakeAws, terminal: Terminal) -> None:
    aws.add(TRAINING, "job")
    aws.end(TRAINING, "job")
    aws.say("job/algo-1-1700000000", (1, "interrupted"))
    aws.say("job/algo-1-1700000009", (2, "again"))
    _logs(aws, terminal, "job")
    assert terminal.lines[:-1] == ["interrupted", "again"]


def test_a_line_is_neither_broken_nor_read_as_markup(aws: FakeAws, terminal: Terminal) -> None:
    aws.add(TRAINING, "job")
    aws.end(TRAINING, "job")
    line = "[red]" + "x" * 100 + ":smile: 3.14"
    aws.say("job/algo-1-1", (1, line))
    _logs(aws, terminal, "job")
    assert terminal.lines[0] == line


def test_how_a_job_failed_is_told_with_what_its_program_left(
    aws: FakeAws, terminal: Terminal
) -> None:
    aws.add(PROCESSING, "job")
    aws.end(PROCESSING, "job", "Failed", FailureReason="exit code: 1", ExitMessage="no column [a]")
    _logs(aws, terminal, "job")
    assert terminal.lines == [
        "✗ after 42 s: processing job job Failed: exit code: 1; no column [a]"
    ]


def test_steps_and_lines_are_in_the_order_of_their_time(aws: FakeAws, terminal: Terminal) -> None:
    job = aws.add(TRAINING, "job")
    started = job["CreationTime"]
    times = [started + timedelta(seconds=seconds) for seconds in range(3)]
    job["SecondaryStatusTransitions"] = [
        {"Status": "Training", "StartTime": times[0]},
        {"Status": "Uploading", "StartTime": times[2]},
    ]
    aws.say("job/algo-1-1", (int(times[1].timestamp() * 1000), "fitting"))
    aws.end(TRAINING, "job")
    _logs(aws, terminal, "job")
    assert [line.split()[-1] for line in terminal.lines[:-1]] == [
        "Training",
        "fitting",
        "Uploading",
    ]


def test_why_a_job_failed_is_said_once_in_the_end(aws: FakeAws, terminal: Terminal) -> None:
    job = aws.add(TRAINING, "job")
    failed = {"Status": "Failed", "StartTime": job["CreationTime"], "StatusMessage": "no column"}
    job["SecondaryStatusTransitions"] = [failed]
    aws.end(TRAINING, "job", "Failed", FailureReason="no column")
    _logs(aws, terminal, "job")
    assert terminal.text.count("no column") == 1
    assert terminal.lines[-1].endswith("Failed: no column")


def test_the_time_goes_on_between_two_looks() -> None:
    started = datetime.now(UTC) - timedelta(seconds=100)
    described = {"TrainingJobStatus": "InProgress", "CreationTime": started}
    doing = JobState(Job(TRAINING, "job"), described)
    assert re.fullmatch(r"training job: InProgress, 10\d s", doing.__rich__())
    described["CreationTime"] = started - timedelta(seconds=100)
    assert re.fullmatch(r"training job: InProgress, 20\d s", doing.__rich__())


def test_what_sagemaker_does_is_told_once_a_step(
    aws: FakeAws, terminal: Terminal, then: Callable[..., None]
) -> None:
    job = aws.add(TRAINING, "job")
    started = job["CreationTime"]
    starting = {"Status": "Starting", "StartTime": started, "StatusMessage": "Preparing"}
    training = {"Status": "Training", "StartTime": started}
    job["SecondaryStatusTransitions"] = [starting]
    then(
        lambda: None,
        lambda: job["SecondaryStatusTransitions"].append(training),
        lambda: aws.end(TRAINING, "job"),
    )
    _logs(aws, terminal, "job")
    told = [line.partition(" ")[2] for line in terminal.lines[:-1]]
    assert told == ["Starting  Preparing", "Training"]


def test_a_job_that_is_deleted_while_it_is_followed_ends_the_command(
    aws: FakeAws, terminal: Terminal, then: Callable[..., None]
) -> None:
    aws.add(TRAINING, "job")
    then(aws.jobs[TRAINING.name].clear)
    with pytest.raises(JobFailed, match="training job job was deleted"):
        _logs(aws, terminal, "job")


def test_of_jobs_of_one_name_the_latest_is_followed(aws: FakeAws, terminal: Terminal) -> None:
    for kind, status in zip(KINDS, ("Failed", "Failed", "Completed", "Failed"), strict=True):
        aws.add(kind, "job")
        aws.end(kind, "job", status)
    latest = aws.jobs[PROCESSING.name]["job"]
    latest["CreationTime"] = latest["ProcessingEndTime"]
    _logs(aws, terminal, "job")
    assert terminal.lines == ["✓ Completed in 0 s of SageMaker's time"]


def test_an_unknown_job_is_answered_with_what_was_meant(aws: FakeAws, terminal: Terminal) -> None:
    aws.add(TUNING, "app-iris-1234")
    with pytest.raises(InputError, match=r'JOB: found "app-irs-1234".*mean "app-iris-1234"'):
        _logs(aws, terminal, "app-irs-1234")


def test_without_a_job_the_latest_of_the_app_are_listed(aws: FakeAws, terminal: Terminal) -> None:
    for kind, name in (
        *((TRANSFORM, "app-first"), (TUNING, "app-second"), (TUNING, "other")),
        (TRAINING, "app-second-001-89abcdef"),  # of the tuning job
    ):
        aws.add(kind, name)
    with pytest.raises(InputError, match="JOB: missing; allowed: one of these"):
        _logs(aws, terminal, "")
    assert [line.split()[:-2] for line in terminal.lines] == [
        ["job", "kind"],
        ["app-second", "hyperparameter", "tuning", "job", "InProgress"],
        ["app-first", "transform", "job", "InProgress"],
    ]


def test_a_tuning_job_is_listed_though_its_name_has_only_ten_characters_of_the_apps(
    aws: FakeAws, terminal: Terminal
) -> None:
    aws.add(TUNING, "app-with-a-6789ab-01234567-1")
    environment = Environment(name="app-with-a-long-name")
    with pytest.raises(InputError, match="JOB: missing"):
        logs(aws.account, terminal.console, environment=environment, name="")
    assert terminal.lines[1].startswith("app-with-a-6789ab-01234567-1 ")


def test_the_jobs_of_a_workload_are_known_by_where_their_output_goes(
    aws: FakeAws, terminal: Terminal
) -> None:
    def path(folder: str) -> Record:
        return {"S3OutputPath": f"s3://data/{folder}"}

    model = path("iris/models/mars")
    aws.add(TUNING, "app-1234", TrainingJobDefinition={"OutputDataConfig": model})
    aws.add(TRAINING, "app-iris-mars-1", OutputDataConfig=model)
    aws.add(TRANSFORM, "app-iris-transform-1", TransformOutput=path("iris/transforms/1"))
    evaluation = {"S3Output": {"S3Uri": "s3://data/iris/evaluations/mars"}}
    aws.add(PROCESSING, "app-iris-eval-1", ProcessingOutputConfig={"Outputs": [evaluation]})
    other = path("iris-mars/models/mars")
    aws.add(TRAINING, "app-iris-mars-mars-1", OutputDataConfig=other)
    aws.add(TUNING, "app-5678", TrainingJobDefinition={"OutputDataConfig": other})
    logs(aws.account, terminal.console, environment=ENVIRONMENT, name="", workload="iris")
    assert sorted(line.split()[0] for line in terminal.lines[1:-1]) == [
        *("app-1234", "app-iris-eval-1", "app-iris-mars-1", "app-iris-transform-1")
    ]
    with pytest.raises(InputError, match='WORKLOAD: found "iris-mras", which has no jobs'):
        logs(aws.account, terminal.console, environment=ENVIRONMENT, name="", workload="iris-mras")


def _trial(name: str, status: str, value: float | None = None, **tuned: str) -> Record:
    trial: Record = {
        "TrainingJobName": name,
        "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:000000000000:training-job/{name}",
        "TrainingJobStatus": status,
        "TunedHyperParameters": tuned,
    }
    if value is not None:
        metric = {"MetricName": "validation:rmse", "Value": value}
        trial["FinalHyperParameterTuningJobObjectiveMetric"] = metric
    return trial


def test_a_tuning_job_is_a_table_of_its_training_jobs_the_best_first(
    aws: FakeAws, terminal: Terminal, then: Callable[..., None]
) -> None:
    aws.add(TUNING, "app-tuning", HyperParameterTuningJobConfig=CONFIG)
    aws.trials = [
        _trial("t-001", "Completed", 0.4, degree="2", penalty="3"),
        _trial("t-002", "InProgress", degree="1", penalty="2"),
    ]

    def complete() -> None:
        aws.trials[1] = _trial("t-002", "Completed", 0.31, degree="1", penalty="2")
        aws.trials.append(_trial("t-003", "Failed", degree="3", penalty="1"))
        aws.trials[2]["FailureReason"] = "AlgorithmError: too few rows"
        aws.end(TUNING, "app-tuning", BestTrainingJob=aws.trials[1])

    then(complete)
    _logs(aws, terminal, "app-tuning")
    assert [line.split() for line in terminal.lines] == [
        ["t-001", "Completed", "degree=2", "penalty=3", "0.4"],
        ["t-002", "Completed", "degree=1", "penalty=2", "0.31"],
        ["t-003", "Failed", "degree=3", "penalty=1", "AlgorithmError:", "too", "few", "rows"],
        ["training", "job", "status", "degree", "penalty", "validation:rmse"],
        ["t-002", "Completed", "1", "2", "0.31"],
        ["t-001", "Completed", "2", "3", "0.4"],
        ["t-003", "Failed", "3", "1"],
        ["its", "log", "make", "logs", "JOB=t-002"],
        ["✓", "Completed", "in", "42", "s", "of", "SageMaker's", "time"],
    ]


def test_of_a_tuning_that_has_ended_each_job_is_told_once_and_why_one_failed(
    aws: FakeAws, terminal: Terminal
) -> None:
    aws.add(TUNING, "app-tuning", HyperParameterTuningJobConfig=CONFIG)
    aws.trials = [_trial("t-001", "Completed", 0.4), _trial("t-002", "Failed")]
    aws.trials[1]["FailureReason"] = "too few rows"
    aws.end(TUNING, "app-tuning", BestTrainingJob=aws.trials[0])
    _logs(aws, terminal, "app-tuning")
    assert [line.split() for line in terminal.lines[:4]] == [
        ["t-002", "Failed", "too", "few", "rows"],
        ["training", "job", "status", "validation:rmse"],
        ["t-001", "Completed", "0.4"],
        ["t-002", "Failed"],
    ]


def test_a_regex_that_matched_nothing_is_shown_beside_what_it_should_have_matched(
    aws: FakeAws, terminal: Terminal
) -> None:
    metrics = [{"Name": "validation:rmse", "Regex": "rsme=([0-9.]+)"}]
    definition = {"AlgorithmSpecification": {"MetricDefinitions": metrics}}
    aws.add(
        TUNING,
        "app-tuning",
        HyperParameterTuningJobConfig=CONFIG,
        TrainingJobDefinition=definition,
    )
    aws.trials = [_trial("t-001", "Completed")]
    aws.say("t-001/algo-1-1", *((at, f"line {at}") for at in range(9)), (9, "rmse=0.3 [cm]"))
    aws.end(TUNING, "app-tuning", "Failed", FailureReason="No objective metrics found")
    _logs(aws, terminal, "app-tuning")
    assert terminal.lines[-7:] == [
        "the objective validation:rmse was never found: its regex rsme=([0-9.]+) matches nothing "
        "in these, the last lines of t-001",
        *("  line 5", "  line 6", "  line 7", "  line 8", "  rmse=0.3 [cm]"),
        "✗ after 42 s: hyperparameter tuning job app-tuning Failed: No objective metrics found",
    ]


def test_a_table_that_is_wider_than_the_terminal_keeps_whole_names(
    aws: FakeAws, terminal: Terminal
) -> None:
    aws.add(TUNING, "app-tuning", HyperParameterTuningJobConfig=CONFIG)
    aws.trials = [_trial("t" * 63, "Completed", 0.4, degree="2")]
    aws.end(TUNING, "app-tuning", BestTrainingJob=aws.trials[0])
    _logs(aws, terminal, "app-tuning")
    assert ["t" * 63, "Completed", "2", "0.4"] in [line.split() for line in terminal.lines]


def test_where_the_objective_is_to_grow_the_greatest_is_first(
    aws: FakeAws, terminal: Terminal
) -> None:
    objective = {"Type": "Maximize", "MetricName": "r2"}
    config = {**CONFIG, "HyperParameterTuningJobObjective": objective}
    aws.add(TUNING, "app-tuning", HyperParameterTuningJobConfig=config)
    aws.trials = [_trial("low", "Completed", 0.1), _trial("high", "Completed", 0.9)]
    aws.end(TUNING, "app-tuning")
    _logs(aws, terminal, "app-tuning")
    table = [line.split()[0] for line in terminal.lines if line.split()[-1] in ("0.1", "0.9")]
    assert table == ["high", "low"]
