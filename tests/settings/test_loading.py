"""The files of a project are read together, and so are their problems."""

from collections import Counter
from pathlib import Path

import pytest

from environments.loading import load_environment, load_settings
from environments.schema import Environment
from tests.settings.project import WORKLOAD, SettingsProject
from workloads.loading import SettingsError, load_workloads

ROOT = Path(__file__).parents[2]


def test_the_project_as_shipped_is_valid() -> None:
    settings = load_settings(ROOT)
    files = (ROOT / "workloads").glob("*.toml")
    assert [workload.name for workload in settings.workloads] == sorted(f.stem for f in files)


def test_the_parts_of_iris_are_a_stratified_split() -> None:
    """As workloads/data/SOURCES.md says."""
    data = ROOT / "workloads/data"
    header, *flowers = (data / "iris.csv").read_text().splitlines()
    parts = {
        "train": [header, *(flower for at, flower in enumerate(flowers) if at % 5 < 3)],
        "validation": [header, *flowers[3::5]],
        "test": [header, *flowers[4::5]],
        "new": [flower.partition(",")[2] for flower in flowers[4::5]],
    }
    for name, lines in parts.items():
        assert (data / "iris" / f"{name}.csv").read_text().splitlines() == lines
    for name, each in (("train", 30), ("validation", 10), ("test", 10)):
        species = Counter(line.rpartition(",")[2] for line in parts[name][1:])
        assert set(species.values()) == {each}


def test_the_shipped_environment_shows_the_defaults() -> None:
    assert load_environment(ROOT / "environments/default.toml") == Environment()


def test_every_problem_of_every_file_is_reported_at_once(project: SettingsProject) -> None:
    project.write("environments/default.toml", "retain_data = 1\nnam = 2\n")
    project.write("workloads/a.toml", "name =\n")
    project.write("workloads/iris.toml", WORKLOAD.replace("degree = 2", "degree = []"))
    project.write("workloads/rose.toml", WORKLOAD.replace("weight = 0.5", "weight = -1"))
    found = [line.split(" found")[0].split(" unknown")[0] for line in project.problems()]
    assert found == [
        "environments/default.toml: retain_data:",
        "environments/default.toml: nam:",
        "workloads/a.toml: line 1, column 7: Invalid value",
        "workloads/iris.toml: models.mars.hyperparameters.degree:",
        "workloads/rose.toml: name:",
        "workloads/rose.toml: variants[1].weight:",
    ]


def test_two_workloads_cannot_have_one_name(project: SettingsProject) -> None:
    project.write("workloads/iris.toml", WORKLOAD)
    project.write("workloads/copy.toml", WORKLOAD)
    assert project.problems() == (
        'workloads/copy.toml: name: found "iris"; allowed: "copy", the file\'s name without .toml',
    )


def test_workloads_come_in_the_order_of_their_names(project: SettingsProject) -> None:
    for name in ("rose", "iris", "moss"):
        project.write(f"workloads/{name}.toml", WORKLOAD.replace('"iris"', f'"{name}"'))
    workloads = load_workloads(project.root / "workloads")
    assert [workload.name for workload in workloads] == ["iris", "moss", "rose"]


def test_a_project_may_have_no_workload(project: SettingsProject) -> None:
    assert load_settings(project.root).workloads == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name = "iris', "line 1, column 13: Unterminated string"),
        ("a = 1\na = 2\n", "line 2, column 6: Cannot overwrite a value"),
        ("a = [1,\n", "line 2, column 1: Invalid value"),
    ],
)
def test_a_mistake_in_the_toml_is_reported_by_its_place(
    project: SettingsProject, text: str, expected: str
) -> None:
    project.write("workloads/iris.toml", text)
    assert project.problems() == (f"workloads/iris.toml: {expected}",)


def test_a_file_that_is_not_utf8_is_reported(project: SettingsProject) -> None:
    (project.root / "workloads/iris.toml").write_bytes(b'name = "\xe9"')
    assert project.problems() == ("workloads/iris.toml: byte 8 is not UTF-8",)


def test_an_integer_that_python_does_not_read_is_reported(project: SettingsProject) -> None:
    project.write("workloads/iris.toml", f"a = {'1' * 5000}")
    assert project.problems() == (
        "workloads/iris.toml: found an integer of more than 4300 digits; allowed: at most 64 bits",
    )


def test_tables_and_arrays_of_too_many_levels_are_reported(project: SettingsProject) -> None:
    project.write("workloads/iris.toml", f"a = {'[' * 10_000}")
    assert project.problems() == (
        "workloads/iris.toml: found too many levels of arrays and tables; allowed: a few",
    )


def test_the_workloads_share_25_channels_of_local_data(project: SettingsProject) -> None:
    def write(name: str, channels: int) -> None:
        local = "".join(f'[data.c{i}]\npath = "data/iris.csv"\n' for i in range(channels))
        text = WORKLOAD.replace('"iris"', f'"{name}"')
        text = text.replace('path = "data/iris.csv"', 's3 = "s3://bucket/iris/"')
        project.write(
            f"workloads/{name}.toml", text.replace("[data.train]", f"{local}[data.train]")
        )

    write("iris", 13)
    write("rose", 12)
    assert project.problems() == ()
    write("rose", 13)
    assert project.problems() == (
        "workloads: found 26 channels of local data; allowed: at most 25 in all, as each adds a "
        "tag to the one bucket, which takes 50: upload more to S3 and name it by s3 =",
    )


def test_a_file_of_a_windows_editor_is_read(project: SettingsProject) -> None:
    text = "\ufeff" + WORKLOAD.replace("\n", "\r\n")
    assert project.load(text) == project.load(WORKLOAD)


def test_an_environment_that_is_not_there_is_reported(project: SettingsProject) -> None:
    assert project.problems("defualt") == (
        'environments/defualt.toml: found no such file; allowed: default; did you mean "default"?',
    )


def test_a_project_without_its_folder_of_workloads_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^workloads: found no such folder$"):
        load_workloads(tmp_path / "workloads")


def test_the_error_has_a_line_for_each_problem(project: SettingsProject) -> None:
    project.write("environments/default.toml", "a = 1\nb = 2\n")
    with pytest.raises(SettingsError) as raised:
        load_settings(project.root)
    assert str(raised.value).splitlines() == list(raised.value.problems)
    assert len(raised.value.problems) == 2
