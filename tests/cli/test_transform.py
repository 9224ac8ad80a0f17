"""`make transform`: what is sent to the model that serves now, and where its answers are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.jobs import TRANSFORM
from cli.logs import logs
from cli.problems import InputError, JobFailed
from cli.transform import transform
from environments.loading import load_settings
from environments.schema import Environment
from local.cdk_cli import ROOT
from tests.cli.conftest import Terminal
from tests.cli.fake_aws import FakeAws, Record
from workloads.schema import ShadowVariant, Workload

ENVIRONMENT = Environment(name="app")
WORKLOADS = {workload.name: workload for workload in load_settings(ROOT).workloads}
TUNED = WORKLOADS["iris-tuned"]
S3 = "s3://data/iris-tuned/transforms"


@pytest.fixture
def deployed(aws: FakeAws) -> FakeAws:
    """The account with the shared stack, the workload's, and its endpoint."""
    aws.stacks["app-shared"] = {"DataBucket": "data"}
    aws.stacks["app-iris-tuned"] = {"EndpointName": "app-iris-tuned"}
    aws.variants = {"shadow": "OldModel-1", "mars": "Model-7f"}
    return aws


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A folder with two files of flowers, one of them in a folder of its own."""
    folder = tmp_path / "new"
    (folder / "june").mkdir(parents=True)
    (folder / "may.csv").write_text("3.5,1.4,0.2,setosa\n")
    (folder / "june" / "first.csv").write_text("3.0,1.4,0.2,setosa\n")
    return folder


def _transform(
    aws: FakeAws, terminal: Terminal, given: object, workload: Workload = TUNED, **change: Any
) -> None:
    asked = {"wait": False, "output": "", **change}
    transform(
        aws.account,
        terminal.console,
        environment=ENVIRONMENT,
        workload=workload,
        given=str(given),
        **asked,
    )


def _submitted(aws: FakeAws) -> Record:
    (job,) = aws.jobs[TRANSFORM.name].values()
    return job


def test_a_file_is_uploaded_for_the_job_alone(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    _transform(deployed, terminal, new / "may.csv")
    job = _submitted(deployed)
    folder = f"iris-tuned/transforms/input/{job['TransformJobName']}"
    assert deployed.objects == {f"{folder}/may.csv": b"3.5,1.4,0.2,setosa\n"}
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://data/{folder}/"}
    assert job["TransformInput"]["DataSource"]["S3DataSource"] == source


def test_a_folder_is_uploaded_whole(deployed: FakeAws, terminal: Terminal, new: Path) -> None:
    _transform(deployed, terminal, new)
    folder = f"iris-tuned/transforms/input/{_submitted(deployed)['TransformJobName']}"
    assert deployed.objects.keys() == {f"{folder}/may.csv", f"{folder}/june/first.csv"}


def test_data_in_s3_is_read_where_it_is(deployed: FakeAws, terminal: Terminal) -> None:
    deployed.objects = {"flowers/marker/": b"", "flowers/new.csv": b"3.5"}
    _transform(deployed, terminal, "s3://data/flowers/")
    source = _submitted(deployed)["TransformInput"]["DataSource"]["S3DataSource"]
    assert source == {"S3DataType": "S3Prefix", "S3Uri": "s3://data/flowers/"}
    assert "PutObject" not in deployed.calls


def test_the_request_is_the_settings_and_the_model_that_serves(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    _transform(deployed, terminal, new)
    job = _submitted(deployed)
    assert job["TransformJobName"].startswith("app-iris-tuned-transform-submitted-")
    assert job["ModelName"] == "Model-7f"
    assert job["TransformInput"]["ContentType"] == "text/csv; header=absent"
    assert job["TransformInput"]["SplitType"] == "Line"
    assert job["BatchStrategy"] == "MultiRecord"
    assert job["DataProcessing"] == {"JoinSource": "Input"}
    assert job["TransformOutput"] == {
        "S3OutputPath": f"{S3}/{job['TransformJobName']}/",
        "Accept": "text/csv",
        "AssembleWith": "Line",
        "KmsKeyId": "app-key",
    }
    assert job["Tags"] == [{"Key": "app", "Value": "app"}]


def test_without_a_split_there_is_no_strategy(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    assert TUNED.transform is not None
    whole = TUNED.transform.model_copy(update={"split_type": "None"})
    _transform(deployed, terminal, new, TUNED.model_copy(update={"transform": whole}))
    assert "BatchStrategy" not in _submitted(deployed)


def test_the_first_record_is_shown_beside_the_features_where_their_order_counts(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    (new / "june" / "first.csv").write_text('"setosa",3.0,1.4\n')
    _transform(deployed, terminal, new / "june")
    assert terminal.lines[0] == (
        "first record  Sepal.Width = setosa, Petal.Length = 3.0, Petal.Width = 1.4, "
        "Species = (none)"
    )


@pytest.mark.parametrize(
    "header",
    [
        "Sepal.Width,Petal.Length,Petal.Width,Species\n",
        '\ufeff"Species", Sepal.Length,Petal.Width,Petal.Length,Sepal.Width\r\n',
        "Sepal.Width,Species\n",
    ],
)
def test_a_header_is_refused_where_there_is_to_be_none(
    deployed: FakeAws, terminal: Terminal, new: Path, header: str
) -> None:
    (new / "may.csv").write_text(header + "3.5,1.4,0.2,setosa\n")
    with pytest.raises(InputError, match=r"first line of .*may.csv.*header; .*header=absent"):
        _transform(deployed, terminal, new)
    assert not deployed.jobs[TRANSFORM.name]
    assert not deployed.objects


@pytest.mark.parametrize("change", [{"content_type": "text/csv"}, {"input_filter": "$[1:]"}])
def test_names_are_no_concern_where_the_container_reads_them_or_columns_are_left_out(
    deployed: FakeAws, terminal: Terminal, new: Path, change: dict[str, str]
) -> None:
    assert TUNED.transform is not None
    (new / "may.csv").write_text("Sepal.Width,Petal.Length,Petal.Width,Species\n")
    settings = TUNED.transform.model_copy(update=change)
    _transform(deployed, terminal, new, TUNED.model_copy(update={"transform": settings}))
    assert "first record" not in terminal.text
    assert _submitted(deployed)


def test_without_waiting_it_says_where_the_answers_will_be(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    _transform(deployed, terminal, new)
    name = _submitted(deployed)["TransformJobName"]
    assert f"follow it   make logs JOB={name}" in terminal.lines
    assert f"answers     {S3}/{name}/" in terminal.lines
    assert f"fetch them  make logs JOB={name} OUTPUT=answers" in terminal.lines
    assert f"make stop JOB={name}" in terminal.text


def test_the_job_is_followed_to_its_answers(
    deployed: FakeAws, terminal: Terminal, new: Path, then: Callable[..., None]
) -> None:
    def complete() -> None:
        name = _submitted(deployed)["TransformJobName"]
        deployed.say(f"{name}/algo-1-1", (1, "2 rows"))
        deployed.end(TRANSFORM, name)

    then(complete)
    _transform(deployed, terminal, new, wait=True)
    answers = f"answers     {S3}/{_submitted(deployed)['TransformJobName']}/"
    assert terminal.lines[-4:-1] == ["2 rows", "✓ Completed in 42 s of SageMaker's time", answers]


def test_the_answers_are_taken_to_a_folder(
    deployed: FakeAws, terminal: Terminal, new: Path, tmp_path: Path, then: Callable[..., None]
) -> None:
    def complete() -> None:
        name = _submitted(deployed)["TransformJobName"]
        for file in ("may.csv.out", "june/first.csv.out"):
            deployed.objects[f"iris-tuned/transforms/{name}/{file}"] = file.encode()
        deployed.end(TRANSFORM, name)

    then(complete)
    output = tmp_path / "answers"
    _transform(deployed, terminal, new, wait=True, output=str(output))
    assert (output / "may.csv.out").read_text() == "may.csv.out"
    assert (output / "june" / "first.csv.out").read_text() == "june/first.csv.out"
    assert terminal.lines[-1] == f"answers  {output}/june/first.csv.out"


def test_the_answers_of_an_earlier_job_are_taken_to_a_folder(
    aws: FakeAws, terminal: Terminal, tmp_path: Path
) -> None:
    aws.add(TRANSFORM, "job", TransformOutput={"S3OutputPath": "s3://data/answers/job"})
    aws.end(TRANSFORM, "job")
    aws.objects = {"answers/job/may.csv.out": b"5.1\n", "answers/job-2/may.csv.out": b""}
    output = tmp_path / "answers"
    logs(aws.account, terminal.console, environment=ENVIRONMENT, name="job", output=str(output))
    assert [file.name for file in output.iterdir()] == ["may.csv.out"]
    assert (output / "may.csv.out").read_text() == "5.1\n"


def test_where_no_folder_can_be_is_said_before_anything_is_made(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    for output in (new / "may.csv", new / "may.csv" / "answers"):
        with pytest.raises(InputError, match=r"OUTPUT: found the file .*may.csv"):
            _transform(deployed, terminal, new, wait=True, output=str(output))
    with pytest.raises(InputError, match="OUTPUT: found with WAIT=no"):
        _transform(deployed, terminal, new, output="answers")
    assert not deployed.calls


def test_a_failing_job_fails_the_command_with_its_reason(
    deployed: FakeAws, terminal: Terminal, new: Path, then: Callable[..., None]
) -> None:
    def fail() -> None:
        name = _submitted(deployed)["TransformJobName"]
        deployed.end(TRANSFORM, name, "Failed", FailureReason="AlgorithmError: no column")

    then(fail)
    with pytest.raises(JobFailed, match=r"Failed: AlgorithmError: no column$"):
        _transform(deployed, terminal, new, wait=True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "INPUT: missing"),
        ("{new}/mai.csv", 'found nothing at .*did you mean ".*may.csv"'),
        ("{new}/empty", "found no data in"),
        ("s3://data/nothing/", 'found no data below "s3://data/nothing/"'),
        ("s3://data/markers/", "found no data below"),
        ("s3://date/flowers/", 'found no bucket "date"'),
    ],
)
def test_input_without_data_is_refused_before_anything_is_made(
    deployed: FakeAws, terminal: Terminal, new: Path, given: str, told: str
) -> None:
    (new / "empty").mkdir()
    (new / "empty" / "nothing.csv").touch()
    deployed.objects = {"markers/": b""}
    with pytest.raises(InputError, match=f"^INPUT: .*{told}" if given else told):
        _transform(deployed, terminal, given.format(new=new))
    assert not {"PutObject", "CreateTransformJob"} & set(deployed.calls)


def test_a_workload_without_the_table_is_told_why_it_needs_it(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    with pytest.raises(InputError, match=r"workloads/iris-mars.toml has no table \[transform\]"):
        _transform(deployed, terminal, new, WORKLOADS["iris-mars"])


def test_a_model_that_is_only_in_the_shadow_answers_a_transform(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    (mars,) = TUNED.models.values()
    assert TUNED.transform
    deployed.shadows = {"shadow"}
    _transform(
        deployed,
        terminal,
        new,
        TUNED.model_copy(
            update={
                "models": {**TUNED.models, "next": mars},
                "shadow_variant": ShadowVariant(name="shadow", model="next"),
                "transform": TUNED.transform.model_copy(update={"model": "next"}),
            }
        ),
    )
    assert _submitted(deployed)["ModelName"] == "OldModel-1"


def test_an_endpoint_without_the_model_is_to_be_deployed_first(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    deployed.variants = {"other": "Model-7f"}
    with pytest.raises(InputError, match=r"has the variants other, none of models.mars: deploy"):
        _transform(deployed, terminal, new)
    assert deployed.objects == {}


def test_a_workload_that_is_not_deployed_uploads_nothing(
    deployed: FakeAws, terminal: Terminal, new: Path
) -> None:
    del deployed.stacks["app-iris-tuned"]
    with pytest.raises(InputError, match="there is no stack app-iris-tuned: deploy it first"):
        _transform(deployed, terminal, new)
    assert deployed.objects == {}
