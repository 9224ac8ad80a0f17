"""What a workload's tables promise together, and what the stacks read from them."""

import json
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.settings.project import WORKLOAD, SettingsProject
from workloads.schema import Workload
from workloads.schema.catalog import PARAMETER_BYTES, Served, entry
from workloads.schema.section import shown

OTHER_MODEL = '[[variants]]\nname = "blue"'
FEATURE = '{ name = "Width", type = "number" }'


def test_a_valid_workload_loads_with_sagemakers_types(project: SettingsProject) -> None:
    workload = project.load(WORKLOAD)
    mars = workload.models["mars"]
    assert workload.name == "iris"
    assert workload.data["train"].path == project.root / "workloads/data/iris.csv"
    assert mars.image.container == "mars"
    assert mars.hyperparameters == {"target": "Sepal.Length", "degree": "2"}
    assert mars.training.max_runtime == 600
    assert [variant.weight for variant in workload.variants] == [1.0, 0.5]
    assert workload.api.features[3].values == ("setosa", "virginica")


def test_what_is_left_out_has_a_default(project: SettingsProject) -> None:
    head, rest = WORKLOAD.split("[models.mars.training]")
    variant = '[[variants]]\nname = "blue"\n'
    workload = project.load(f"{head}{variant}[api]{rest.split('[api]')[1]}")
    training, (only,) = workload.models["mars"].training, workload.variants
    assert (training.instance_type, training.instance_count) == ("ml.m5.large", 1)
    assert (training.volume_size_gb, training.max_runtime, training.revision) == (10, 3600, None)
    assert (only.instance_type, only.instance_count, only.weight) == ("ml.t2.medium", 1, 1)
    assert only.startup_timeout is None


def test_the_only_model_is_every_variants(project: SettingsProject) -> None:
    assert [variant.model for variant in project.load(WORKLOAD).variants] == ["mars", "mars"]


def test_a_model_of_several_must_be_named(project: SettingsProject) -> None:
    second = f'[models.tree]\nimage = {{ container = "mars" }}\n{OTHER_MODEL}'
    assert project.workload_problems(
        (OTHER_MODEL, second), ('model = "mars"', 'model = "tree"')
    ) == [
        "variants[1].model: missing; allowed: a key of [models]: mars, tree",
        "variants: found no variant of models.mars; allowed: at least one of each model",
    ]


def test_a_model_without_a_variant_is_reported(project: SettingsProject) -> None:
    second = f'[models.tree]\nimage = {{ container = "mars" }}\n{OTHER_MODEL}'
    named = ('name = "green"', 'name = "green"\nmodel = "mars"')
    assert project.workload_problems((OTHER_MODEL, second), named) == [
        "variants: found no variant of models.tree; allowed: at least one of each model"
    ]


def test_weights_that_are_all_zero_are_reported(project: SettingsProject) -> None:
    zero = ("weight = 1", "weight = 0"), ("weight = 0.5", "weight = 0")
    assert project.workload_problems(*zero) == [
        "variants: found only weights of 0; allowed: at least one above 0"
    ]


def test_there_are_1_to_10_variants(project: SettingsProject) -> None:
    more = "".join(f'[[variants]]\nname = "v{i}"\n' for i in range(9))
    assert project.workload_problems(("[api]", f"{more}[api]")) == [
        "variants: found a list of 11; allowed: 1 to 10 tables [[variants]]"
    ]


def test_a_workload_is_not_named_as_a_stack_of_the_app(project: SettingsProject) -> None:
    project.write("workloads/api.toml", WORKLOAD.replace('"iris"', '"api"'))
    assert project.problems() == (
        'workloads/api.toml: name: found "api"; '
        "allowed: another name: the app has a stack of this one",
    )


def test_the_catalog_is_what_the_api_reads(project: SettingsProject) -> None:
    workload = project.load(WORKLOAD)
    model = Served("Model-1", "s3://bucket/model.tar.gz")
    models = dict.fromkeys(workload.models, model)
    written = entry(workload, workload.endpoint_name("sagestack"), "", models)
    assert json.loads(written) == {
        "name": "iris",
        "description": "An iris",
        "endpoint": "sagestack-iris",
        "kind": "instances",
        "variants": [
            {"name": "blue", "model": "mars", "weight": 1},
            {"name": "green", "model": "mars", "weight": 0.5},
        ],
        "models": {"mars": {"version": "Model-1", "artifact": "s3://bucket/model.tar.gz"}},
        "content_type": "text/csv",
        "header": True,
        "features": [
            {"name": "Width", "type": "number"},
            {"name": "Count", "type": "integer"},
            {"name": "Note", "type": "string"},
            {"name": "Species", "type": "category", "values": ["setosa", "virginica"]},
        ],
    }


def test_the_catalog_of_an_asynchronous_workload_has_the_place_of_its_requests(
    project: SettingsProject,
) -> None:
    workload = project.load(
        WORKLOAD.split('[[variants]]\nname = "green"')[0]
        + "[async_inference]\n[api]"
        + WORKLOAD.split("[api]")[1]
    )
    models = dict.fromkeys(workload.models, Served("Model-1", "s3://bucket/model.tar.gz"))
    found = json.loads(entry(workload, "later", "s3://bucket/iris/async", models))
    assert (found["kind"], found["async_folder"]) == ("asynchronous", "s3://bucket/iris/async")


def test_a_catalog_that_no_parameter_holds_is_reported(project: SettingsProject) -> None:
    names = [f"feature{i}" for i in range(250)]
    features = ", ".join(f'{{ name = "{name}", type = "number" }}' for name in names)
    head, _ = WORKLOAD.split("features = ")
    body = f"{','.join(names)}\\n{','.join('1' for _ in names)}\\n"
    smoke = f'[smoke]\ncontent_type = "text/csv"\nbody = "{body}"\n'
    project.write("workloads/iris.toml", f"{head}features = [{features}]\n{smoke}")
    assert project.problems() == (
        "workloads/iris.toml: api.features: found features that take 9959 bytes in the API's "
        f"catalog; allowed: {PARAMETER_BYTES}",
    )


def test_settings_cannot_be_changed_once_loaded(project: SettingsProject) -> None:
    workload = project.load(WORKLOAD)
    with pytest.raises(ValidationError, match="frozen"):
        workload.models["mars"].training.max_runtime = 1


def test_a_link_in_a_folder_of_data_is_reported(project: SettingsProject) -> None:
    (project.root / "workloads/data/link.csv").symlink_to("iris.csv")
    assert project.workload_problems(("data/iris.csv", "data")) == [
        'data.train.path: found the link "link.csv" in "data"; allowed: files and folders'
    ]


def test_data_without_a_byte_is_reported(project: SettingsProject) -> None:
    project.write("workloads/data/iris.csv", "")
    assert project.workload_problems() == [
        'data.train.path: found no data in "data/iris.csv"; allowed: a file that has some'
    ]


def test_data_that_its_upload_cannot_unpack_is_reported(project: SettingsProject) -> None:
    data = project.root / "workloads/data"
    os.truncate(data / "iris.csv", 250_000_000)
    assert project.workload_problems() == []
    (data / "more.csv").write_text("1")
    assert project.workload_problems(("data/iris.csv", "data")) == [
        'data.train.path: found 250000001 bytes in "data"; allowed: at most 250000000: '
        "upload larger data to S3 and name it by s3 ="
    ]


@pytest.mark.parametrize("mark", ["*", "?", "[", "]", "!", "#", "\\"])
def test_a_file_whose_name_is_a_pattern_is_reported(project: SettingsProject, mark: str) -> None:
    assert name_problems(project, f"iris{mark}.csv", shown(mark))


@pytest.mark.parametrize("name", [" iris.csv", "iris.csv "])
def test_a_file_whose_name_has_blanks_around_it_is_reported(
    project: SettingsProject, name: str
) -> None:
    assert name_problems(project, name, '" "')


def name_problems(project: SettingsProject, name: str, mark: str) -> bool:
    """Whether data of that file name is refused for the mark, and in a folder is not."""
    file = project.root / "workloads/data/iris.csv"
    file.rename(file.with_name(name))
    assert project.workload_problems(("data/iris.csv", "data")) == []
    return project.workload_problems(("data/iris.csv", f"data/{shown(name)[1:-1]}")) == [
        f"data.train.path: found {mark} in the file's name; "
        "allowed: a name without * ? [ ] ! # \\ and without blanks around it"
    ]


def test_a_loop_of_links_is_reported(project: SettingsProject) -> None:
    (project.root / "workloads/loop").symlink_to("loop")
    (line,) = project.workload_problems(("data/iris.csv", "loop"))
    assert line.startswith('data.train.path: found "loop"; allowed: a file or folder of the')


def test_a_link_out_of_the_project_is_reported(project: SettingsProject, tmp_path: Path) -> None:
    (project.root / "workloads/away").symlink_to(tmp_path.parent)
    (line,) = project.workload_problems(("data/iris.csv", "away"))
    assert line.startswith(
        'data.train.path: found "away"; allowed: a file or folder of the project'
    )


def test_a_channel_may_be_an_s3_prefix(project: SettingsProject) -> None:
    workload = project.load(WORKLOAD.replace('path = "data/iris.csv"', 's3 = "s3://bucket/iris/"'))
    train = workload.data["train"]
    assert (train.s3, train.path) == ("s3://bucket/iris/", None)


def test_an_image_may_be_one_of_ecr(project: SettingsProject) -> None:
    uri = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/r/mars@sha256:{'0' * 64}"
    workload = project.load(WORKLOAD.replace('container = "mars"', f'uri = "{uri}"'))
    assert workload.models["mars"].image.uri == uri


def test_a_workload_is_not_validated_without_its_project() -> None:
    with pytest.raises(TypeError, match=r"workloads\.loading"):
        Workload.model_validate({"name": "iris"})


@pytest.mark.parametrize(
    "dockerfile",
    [
        "ARG ENGINE=ets LEVEL MODE=2\n",
        "ARG ENGINE=\"a b=c\" LEVEL='x y' MODE\n",
        "ARG ENGINE=ets \\\n# of the model\n    LEVEL=2 \\\n  MODE\n",
        "ARG ENGINE LEVEL\narg MODE='\n",
    ],
)
def test_every_arg_of_a_line_may_be_given(project: SettingsProject, dockerfile: str) -> None:
    project.write("container/mars/Dockerfile", f"FROM debian\n{dockerfile}")
    given = (
        'image = { container = "mars" }',
        'image = { container = "mars", build_args = { ENGINE = "a", LEVEL = "b", MODE = "c" } }',
    )
    assert project.workload_problems(given) == []
    (line,) = project.workload_problems((given[0], given[1].replace("LEVEL", "LEVLE")))
    assert line.endswith('(ENGINE, LEVEL, MODE); did you mean "LEVEL"?')
