"""Every mistake in a workload's file is one line: its key, what was found, what is allowed."""

import pytest

from tests.settings.project import SettingsProject

NAME = "the file's name without .toml: 1 to 42 lowercase letters, digits and inner hyphens"
PATH = "a file or folder of the project, relative to this settings file"
S3 = '"s3://bucket/key" or the prefix of several keys, at most 1024 characters'
ECR = '"<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>" or @sha256'
FEATURES = 'a list of at least one { name = "...", type = "..." }'
SAGEMAKER_NAME = "1 to 63 letters, digits and inner hyphens"
TRAINING = 'an instance type of SageMaker training, such as "ml.m5.large"'
HOSTING = 'an instance type of SageMaker hosting, such as "ml.t2.medium"'
SCALAR = "a string of at most 2500 characters, a finite number, true or false"
RUNTIME = (
    "an integer from 1 to 86400 (seconds): a deploy waits a day at most: train longer with "
    "`make train`, then name what it made by artifact ="
)
VERSIONS = (
    '"3.2-0", "3.0-5", "1.7-1", "1.5-1", "1.3-1", "1.2-2", "1.2-1", "1.0-1", "0.90-2", "0.90-1"'
)
DATA_PATH = 'path = "data/iris.csv"'
IMAGE = '{ container = "mars" }'
PARAMETERS = '{ target = "Sepal.Length", degree = 2 }'
ECR_HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

MISTAKES = {
    # the whole
    "a name that is not the file's": (
        ('name = "iris"', 'name = "irises"'),
        'name: found "irises"; allowed: "iris", the file\'s name without .toml',
    ),
    "a name with capitals": (
        ('name = "iris"', 'name = "Iris"'),
        f'name: found "Iris"; allowed: {NAME}',
    ),
    "a name with which the endpoint's is over 63": (
        ('name = "iris"', f'name = "{"i" * 43}"'),
        f'name: found "{"i" * 43}"; allowed: {NAME}',
    ),
    "no description": (
        ('description = "An iris"', ""),
        "description: missing; allowed: 1 to 256 characters on one line",
    ),
    "a misspelt key": (
        ("description", "descripton"),
        [
            "description: missing; allowed: 1 to 256 characters on one line",
            "descripton: unknown key; allowed: name, description, data, models, shadow_variant, "
            "variants, api, smoke, evaluation, transform, deployment, alarms, data_capture, "
            'async_inference; did you mean "description"?',
        ],
    ),
    # data
    "a channel of no source": (
        (DATA_PATH, ""),
        "data.train: found neither; allowed: exactly one of path, s3",
    ),
    "a channel of two sources": (
        (DATA_PATH, f'{DATA_PATH}\ns3 = "s3://bucket/iris/"'),
        "data.train: found both; allowed: exactly one of path, s3",
    ),
    "a path of nothing": (
        ("data/iris.csv", "data/irs.csv"),
        f'data.train.path: found nothing at "data/irs.csv"; allowed: {PATH}; '
        'did you mean "data/iris.csv"?',
    ),
    "a path outside of the project": (
        ("data/iris.csv", "../.."),
        f'data.train.path: found "../.."; allowed: {PATH}',
    ),
    "a path that is a number": (
        ('"data/iris.csv"', "1"),
        f"data.train.path: found 1; allowed: {PATH}",
    ),
    "a path that no system takes": (
        ("data/iris.csv", "\\u0000"),
        f'data.train.path: found "\\u0000"; allowed: {PATH}',
    ),
    "a path that is too long for a file": (
        ("data/iris.csv", "i" * 256),
        f'data.train.path: found "{"i" * 79}…"; allowed: {PATH}',
    ),
    "a bucket without a key": (
        (DATA_PATH, 's3 = "s3://bucket"'),
        f'data.train.s3: found "s3://bucket"; allowed: {S3}',
    ),
    "a bucket with capitals": (
        (DATA_PATH, 's3 = "s3://Bucket/key"'),
        f'data.train.s3: found "s3://Bucket/key"; allowed: {S3}',
    ),
    "a channel's name with a blank": (
        ("data.train", 'data."the train"'),
        'data."the train": found "the train"; allowed: a channel of 1 to 32 letters, digits, '
        "dots, underscores and hyphens",
    ),
    "a channel's name with which its folder is no longer one of S3's": (
        ("data.train", f"data.{'t' * 33}"),
        f'data.{"t" * 33}: found "{"t" * 33}"; allowed: a channel of 1 to 32 letters, digits, '
        "dots, underscores and hyphens",
    ),
    "a content type that is none": (
        ('"text/csv"\n[models', '"csv"\n[models'),
        'data.train.content_type: found "csv"; allowed: a media type such as "text/csv" '
        'or "text/csv; header=absent"',
    ),
    # models
    "an image that is not in the project": (
        ('container = "mars"', 'container = "mers"'),
        'models.mars.image.container: found "mers"; allowed: a folder of container/ that has a '
        'Dockerfile (mars); did you mean "mars"?',
    ),
    "a container without a Dockerfile": (
        ('container = "mars"', 'container = "draft"'),
        'models.mars.image.container: found "draft"; allowed: a folder of container/ that has a '
        "Dockerfile (mars)",
    ),
    "no image": (
        (IMAGE, "{}"),
        "models.mars.image: found none; allowed: exactly one of container, builtin, uri",
    ),
    "two images": (
        (IMAGE, f'{{ container = "mars", uri = "{ECR_HOST}/mars:1" }}'),
        "models.mars.image: found container and uri; allowed: exactly one of container, builtin, "
        "uri",
    ),
    "an argument that no build takes": (
        (IMAGE, '{ container = "mars", build_args = { ENGIN = "fable" } }'),
        "models.mars.image.build_args.ENGIN: unknown key; allowed: an ARG of "
        'container/mars/Dockerfile (ENGINE, LEVEL); did you mean "ENGINE"?',
    ),
    "an argument that is a number": (
        (IMAGE, '{ container = "mars", build_args = { LEVEL = 2 } }'),
        "models.mars.image.build_args.LEVEL: found 2; allowed: a string of at most 256 characters "
        "on one line",
    ),
    "an argument for what is not built here": (
        (IMAGE, '{ builtin = "xgboost", version = "1.7-1", build_args = { LEVEL = "2" } }'),
        "models.mars.image.build_args: found without container; allowed: only with container",
    ),
    "arguments that are no table": (
        (IMAGE, '{ container = "mars", build_args = ["LEVEL=2"] }'),
        "models.mars.image.build_args: found a list of 1; allowed: a table of strings, by the "
        "names of the Dockerfile's ARGs",
    ),
    "an algorithm that SageMaker does not have": (
        (IMAGE, '{ builtin = "xgbost", version = "1.7-1" }'),
        'models.mars.image.builtin: found "xgbost"; allowed: "xgboost"; did you mean "xgboost"?',
    ),
    "a built-in algorithm without a version": (
        (IMAGE, '{ builtin = "xgboost" }'),
        f"models.mars.image.version: missing; allowed: {VERSIONS}",
    ),
    "a version that there is not": (
        (IMAGE, '{ builtin = "xgboost", version = "1.7" }'),
        f'models.mars.image.version: found "1.7"; allowed: {VERSIONS}; did you mean "1.7-1"?',
    ),
    "a version of a container": (
        (IMAGE, '{ container = "mars", version = "1.7-1" }'),
        'models.mars.image.version: found "1.7-1"; allowed: only with builtin',
    ),
    "an image that is no table": (
        (IMAGE, '"mars"'),
        'models.mars.image: found "mars"; allowed: a table of container, build_args, builtin, '
        "version, uri",
    ),
    "an image outside of ECR": (
        (IMAGE, '{ uri = "rocker/r-ver:4" }'),
        f'models.mars.image.uri: found "rocker/r-ver:4"; allowed: {ECR}',
    ),
    "an image whose version is open": (
        (IMAGE, f'{{ uri = "{ECR_HOST}/mars" }}'),
        f'models.mars.image.uri: found "{ECR_HOST}/mars"; allowed: {ECR}',
    ),
    "a list as a hyperparameter": (
        ("degree = 2", "degree = [1, 2]"),
        f"models.mars.hyperparameters.degree: found a list of 2; allowed: {SCALAR}",
    ),
    "a table as a hyperparameter": (
        ("degree = 2", '"max degree" = { a = 1 }'),
        f'models.mars.hyperparameters."max degree": found a table; allowed: {SCALAR}',
    ),
    "a date as a hyperparameter": (
        ("degree = 2", "degree = 1936-01-01"),
        f"models.mars.hyperparameters.degree: found 1936-01-01; allowed: {SCALAR}",
    ),
    "an infinite hyperparameter": (
        ("degree = 2", "degree = inf"),
        f"models.mars.hyperparameters.degree: found inf; allowed: {SCALAR}",
    ),
    "a hyperparameter of 2501 characters": (
        ("degree = 2", f'note = "{"n" * 2501}"'),
        f'models.mars.hyperparameters.note: found "{"n" * 79}…"; allowed: {SCALAR}',
    ),
    "a hyperparameter's name of 257 characters": (
        ("degree = 2", f"{'k' * 257} = 2"),
        f'models.mars.hyperparameters.{"k" * 257}: found "{"k" * 79}…"; '
        "allowed: a key of 1 to 256 characters",
    ),
    "101 hyperparameters": (
        (PARAMETERS, f"{{ {', '.join(f'p{i} = {i}' for i in range(101))} }}"),
        "models.mars.hyperparameters: found a table; allowed: a table of at most 100 keys",
    ),
    "an instance type without its ml.": (
        ('"ml.m5.large"', '"m5.large"'),
        f'models.mars.training.instance_type: found "m5.large"; allowed: {TRAINING}; '
        'did you mean "ml.m5.large"?',
    ),
    "a training of no instance": (
        ("instance_count = 1\nvolume", "instance_count = 0\nvolume"),
        "models.mars.training.instance_count: found 0; allowed: an integer of at least 1",
    ),
    "a number in quotes": (
        ("volume_size_gb = 10", 'volume_size_gb = "10"'),
        'models.mars.training.volume_size_gb: found "10"; allowed: an integer from 1 to 16384 (GB)',
    ),
    "a volume that no disk has": (
        ("volume_size_gb = 10", "volume_size_gb = 16385"),
        "models.mars.training.volume_size_gb: found 16385; "
        "allowed: an integer from 1 to 16384 (GB)",
    ),
    "training for longer than a deploy can wait": (
        ("max_runtime = 600", "max_runtime = 86401"),
        f"models.mars.training.max_runtime: found 86401; allowed: {RUNTIME}",
    ),
    "a revision that is a number": (
        ('revision = "1"', "revision = 1"),
        "models.mars.training.revision: found 1; allowed: a string of 1 to 256 characters",
    ),
    # variants
    "a variant's name with an underscore": (
        ('name = "blue"', 'name = "the_blue"'),
        f'variants[0].name: found "the_blue"; allowed: {SAGEMAKER_NAME}',
    ),
    "two variants of one name": (
        ('name = "green"', 'name = "blue"'),
        'variants[1].name: found "blue" twice; allowed: each once',
    ),
    "a variant of no model": (
        ('model = "mars"', 'model = "mras"'),
        'variants[0].model: found "mras"; allowed: a key of [models]: mars; did you mean "mars"?',
    ),
    "a negative weight": (
        ("weight = 0.5", "weight = -0.5"),
        "variants[1].weight: found -0.5; allowed: a finite number of at least 0",
    ),
    "a weight that is no number": (
        ("weight = 0.5", "weight = nan"),
        "variants[1].weight: found nan; allowed: a finite number of at least 0",
    ),
    "a truth as a weight": (
        ("weight = 0.5", "weight = true"),
        "variants[1].weight: found true; allowed: a finite number of at least 0",
    ),
    "an instance type that only training has": (
        ('"ml.t2.medium"', '"ml.t2.medum"'),
        f'variants[0].instance_type: found "ml.t2.medum"; allowed: {HOSTING}; '
        'did you mean "ml.t2.medium"?',
    ),
    "a start in less than a minute": (
        ("startup_timeout = 300", "startup_timeout = 59"),
        "variants[0].startup_timeout: found 59; allowed: an integer from 60 to 3600 (seconds)",
    ),
    # api
    "a content type that the API does not convert": (
        ('[api]\ncontent_type = "text/csv"', '[api]\ncontent_type = "text/cvs"'),
        'api.content_type: found "text/cvs"; allowed: "text/csv", "application/json"; '
        'did you mean "text/csv"?',
    ),
    "a header of JSON": (
        ('[api]\ncontent_type = "text/csv"', '[api]\ncontent_type = "application/json"'),
        'api.header: found true; allowed: only with content_type = "text/csv"',
    ),
    "a header that is a number": (
        ("header = true", "header = 1"),
        "api.header: found 1; allowed: true, false",
    ),
    "a feature's misspelt type": (
        ('"integer"', '"integr"'),
        'api.features[1].type: found "integr"; allowed: "number", "integer", "string", '
        '"category"; did you mean "integer"?',
    ),
    "two features of one name": (
        ('name = "Count"', 'name = "Width"'),
        'api.features[1].name: found "Width" twice; allowed: each once',
    ),
    "a feature's name of two lines": (
        ('name = "Count"', 'name = "Co\\nunt"'),
        'api.features[1].name: found "Co\\nunt"; '
        "allowed: 1 to 256 characters on one line, without blanks around them",
    ),
    "a category without values": (
        (', values = ["setosa", "virginica"]', ""),
        "api.features[3].values: missing; allowed: a list of at least one value of the category",
    ),
    "a category of no value": (
        ('["setosa", "virginica"]', "[]"),
        "api.features[3].values: found a list of 0; "
        "allowed: a list of at least one value of the category",
    ),
    "a category with a value twice": (
        ('"virginica"', '"setosa"'),
        'api.features[3].values[1]: found "setosa" twice; allowed: each once',
    ),
    "a number with values": (
        ('type = "number"', 'type = "number", values = ["1"]'),
        'api.features[0].values: found in a number; allowed: only with type = "category"',
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    change, expected = MISTAKES[mistake]
    lines = [expected] if isinstance(expected, str) else expected
    assert sorted(project.workload_problems(change)) == sorted(lines)


def test_models_that_would_share_an_output_are_refused(project: SettingsProject) -> None:
    twin = '[models.Mars]\nimage = { container = "mars" }\n[api]'
    problems = project.workload_problems(("[api]", twin))
    assert problems == [
        'models.Mars: found "Mars"; allowed: a name that differs from "mars" in letters or digits'
    ]
