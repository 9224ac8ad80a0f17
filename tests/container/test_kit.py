"""The contract kit itself: which containers and workloads it takes, and what it derives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.container.conftest import KINDS
from tests.container.job_cases import headerless
from tests.container.kit import (
    ROOT,
    Channel,
    Example,
    Table,
    containers,
    example,
    examples,
    selection_problem,
    trained_models,
    workloads,
)
from tests.settings.project import WORKLOAD, SettingsProject
from workloads.schema import Workload

ECR = "111111111111.dkr.ecr.us-east-1.amazonaws.com/mine:1"


@pytest.mark.parametrize("name", containers())
def test_every_container_is_used_by_a_workload(name: str) -> None:
    assert name in examples(), (
        f'no workload in workloads/ trains a model with image = {{ container = "{name}" }}: the '
        "contract kit takes its good data from there"
    )


@pytest.mark.parametrize("name", containers())
def test_every_container_evaluates_if_a_workload_asks_it_to(name: str) -> None:
    asking = [each.name for each in workloads() if each.evaluation and name in trained_models(each)]
    assert not asking or (ROOT / "container" / name / "evaluate").is_file(), asking


@pytest.fixture
def project(tmp_path: Path) -> SettingsProject:
    return SettingsProject(tmp_path)


def mars_example(workload: Workload) -> Example:
    return example(workload, trained_models(workload)["mars"], "mars")


DATA = "Label,Width,Count,Note,Species\n1,3.5,2,wild,setosa\n2,3.5,2,wild,setosa\n3,,2,x,setosa\n"
DATA += "4,1.5,7,tame,virginica\n"


def test_rows_to_ask_for_are_the_smoke_requests_and_the_datas_that_are_whole(
    project: SettingsProject,
) -> None:
    project.write("workloads/data/iris.csv", DATA)
    loaded = project.load(
        WORKLOAD.replace("Width,Count,Note", "Note,Width,Count").replace(
            "3.5,2,wild,setosa", "calm,3.5,2,setosa"
        )
    )
    found = mars_example(loaded)
    assert [tuple(row.values()) for row in found.rows] == [
        ("3.5", "2", "calm", "setosa"),
        ("3.5", "2", "wild", "setosa"),
        ("1.5", "7", "tame", "virginica"),
    ]
    assert found.instance(found.rows[0]) == {
        "Width": 3.5,
        "Count": 2,
        "Note": "calm",
        "Species": "setosa",
    }
    assert [feature.type for feature in found.features[:3]] == ["number", "number", "string"]
    assert found.held_out is found.job.channels["train"]


def test_what_the_data_has_no_column_of_is_asked_for_as_the_smoke_request_does(
    project: SettingsProject,
) -> None:
    project.write("workloads/data/iris.csv", "Label,Width,Species\n1,9.5,setosa\n")
    found = mars_example(project.load(WORKLOAD))
    assert [row["Count"] for row in found.rows] == ["2", "2"]
    assert [feature.name for feature in found.of_type("integer")] == ["Count"]
    assert [row["Width"] for row in found.rows] == ["3.5", "9.5"]


def test_a_model_of_data_without_a_header_is_asked_by_position(project: SettingsProject) -> None:
    project.write("workloads/data/iris.csv", DATA.partition("\n")[2])
    text = WORKLOAD.replace('"text/csv"\n[models', '"text/csv; header=absent"\n[models')
    text = text.replace('target = "Sepal.Length", ', "").replace("header = true\n", "")
    text = text.replace("Width,Count,Note,Species\\n", "")
    found = mars_example(project.load(text))
    assert found.names == ["2", "3", "4", "5"]
    assert found.rows[0] == {"2": "3.5", "3": "2", "4": "wild", "5": "setosa"}
    assert headerless(found) is None


def test_a_label_is_first_in_data_that_loses_its_header(project: SettingsProject) -> None:
    project.write("workloads/data/iris.csv", "Width,Species,Label\n3.5,setosa,1\n")
    settings = 'target = "Label", keys = "Species, Width", degree = 2'
    text = WORKLOAD.replace('target = "Sepal.Length", degree = 2', settings)
    found = headerless(mars_example(project.load(text)))
    assert found is not None
    assert found.job.hyperparameters == {"keys": "3,2", "degree": "2"}
    channel = found.job.channels["train"]
    assert channel == Channel({"iris.csv": "1,3.5,setosa\n"}, "text/csv; header=absent")
    assert found.names == ["2", "3", "Count", "Note"]
    assert found.rows[0] == {"2": "3.5", "3": "setosa", "Count": "2", "Note": "wild"}


def test_the_first_model_of_a_container_that_is_trained_is_its_example(
    project: SettingsProject,
) -> None:
    trained = '[models.mars]\nimage = { container = "mars" }\n'
    given = (
        f'[models.given]\n{trained.partition(chr(10))[2]}artifact = "s3://bucket/model.tar.gz"\n'
    )
    variant = '[[variants]]\nname = "given"\nmodel = "given"\n[api]'
    text = WORKLOAD.replace(trained, given + trained).replace("[api]", variant)
    text = text.replace('name = "green"', 'name = "green"\nmodel = "mars"')
    loaded = project.load(text)
    assert trained_models(loaded) == {"mars": loaded.models["mars"]}


def test_a_selected_workload_has_to_exist_and_to_be_trained_here(project: SettingsProject) -> None:
    ours = project.load(WORKLOAD)
    theirs = project.load(WORKLOAD.replace('container = "mars"', f'uri = "{ECR}"'))
    assert selection_problem("iris", [ours]) is None
    text, code = selection_problem("irsi", [ours]) or ("", 0)
    assert (text, code) == ("workloads/irsi.toml: found no such file; allowed: iris", 2)
    text, code = selection_problem("iris", [theirs]) or ("", 1)
    assert code == 0
    assert "nothing for the contract kit to test" in text


def pytest_of(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "tests/container", "--collect-only", "-q"]
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_workload_that_does_not_exist_is_told_in_a_sentence_with_exit_code_2() -> None:
    done = pytest_of("--workload", "no-such-workload")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("workloads/no-such-workload.toml: found no such file; allowed: ")


def test_a_selected_workload_runs_the_kit_alone_for_its_containers() -> None:
    workload = next(each for each in workloads() if trained_models(each))
    done = pytest_of("--workload", workload.name)
    cases = [line for line in done.stdout.splitlines() if "::" in line]
    assert {Path(case.partition("::")[0]).name.split("_")[1] for case in cases} == {"contract"}
    subjects = {f"{name}-{kind}" for name in trained_models(workload) for kind in KINDS}
    assert all(any(f"[{subject}" in case for subject in subjects) for case in cases)
    assert all(any(f"[{subject}" in case for case in cases) for subject in subjects)


def test_a_table_is_written_as_it_was_read() -> None:
    text = 'a,"b ""c"", d"\n1,\n'
    assert Table.parse(text, header=True).text == text
    assert Table.parse("1,2\n", header=False).names == ("1", "2")
    assert Table.parse("1,2\n", header=False).text == "1,2\n"
