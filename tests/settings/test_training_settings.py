"""A training job is what SageMaker takes, and no longer than a deploy can wait."""

import pytest

from tests.settings.project import JOBS, WORKLOAD, SettingsProject

TRAINING = "[models.mars.training]"
ENVIRONMENT = "a key of 1 to 256 letters, digits and underscores, not beginning with a digit"
REGEX = 'a regular expression of 1 to 500 characters, such as "rmse=([0-9.]+)"'
METRIC = 'the name of a metric, such as "validation:rmse", at most 255 characters'
ARTIFACT = '"s3://bucket/key/model.tar.gz", at most 1024 characters'
GIVEN = '[models.given]\nimage = { container = "mars" }\nartifact = "s3://b42/model.tar.gz"\n'
TRAINED = "found with artifact; allowed: only for a model that is trained here"


def metric(regex: str) -> str:
    return f"metrics = [{{ name = 'rmse', regex = '{regex}' }}]"


# What is added to the training, and the problem at which of its keys.
MISTAKES = {
    "an input mode of its own": (
        'input_mode = "Fast"',
        'input_mode: found "Fast"; allowed: "File", "FastFile", "Pipe"; did you mean "FastFile"?',
    ),
    "spot capacity that is asked for by a word": (
        'spot = "yes"',
        'spot: found "yes"; allowed: true, false',
    ),
    "a wait for what is not waited for": (
        "max_wait = 900",
        "max_wait: found 900; allowed: only with spot = true",
    ),
    "a wait that is over before the training": (
        "spot = true\nmax_wait = 599",
        "max_wait: found 599; allowed: at least max_runtime, 600, which it includes",
    ),
    "a wait for longer than the deploy's": (
        "spot = true\nmax_wait = 86401",
        "max_wait: found 86401; allowed: an integer from max_runtime to 86400 (seconds)",
    ),
    "checkpoints relative to no folder": (
        'checkpoints = "checkpoints"',
        'checkpoints: found "checkpoints"; allowed: the absolute path of a folder, '
        'such as "/opt/ml/checkpoints"',
    ),
    "more attempts than SageMaker makes": (
        "max_attempts = 31",
        "max_attempts: found 31; allowed: an integer from 1 to 30",
    ),
    "a variable that no shell has": (
        'environment = { "A-B" = "1" }',
        f'environment.A-B: found "A-B"; allowed: {ENVIRONMENT}',
    ),
    "a variable that is a number": (
        "environment = { THREADS = 2 }",
        "environment.THREADS: found 2; allowed: a string of at most 512 characters",
    ),
    "101 variables": (
        "environment = { " + ", ".join(f'V{i} = "1"' for i in range(101)) + " }",
        "environment: found a table; allowed: a table of at most 100 keys",
    ),
    "an experiment with a blank": (
        'experiment = "my irises"',
        'experiment: found "my irises"; '
        "allowed: the name of an experiment: 1 to 120 letters, digits and inner hyphens",
    ),
    "a regular expression that does not compile": (
        metric("rmse=([0-9.]+"),
        'metrics[0].regex: found "rmse=([0-9.]+", '
        f"where missing ), unterminated subpattern at position 5; allowed: {REGEX}",
    ),
    "a regular expression that repeats too often": (
        metric("(a){99999999999}"),
        'metrics[0].regex: found "(a){99999999999}", '
        f"where the repetition number is too large; allowed: {REGEX}",
    ),
    "a regular expression without a group": (
        metric("rmse=[0-9.]+"),
        'metrics[0].regex: found 0 groups in "rmse=[0-9.]+"; '
        "allowed: one, around the number; write others as (?:...)",
    ),
    "a regular expression of two groups": (
        metric("(rmse)=([0-9.]+)"),
        'metrics[0].regex: found 2 groups in "(rmse)=([0-9.]+)"; '
        "allowed: one, around the number; write others as (?:...)",
    ),
    "a regular expression of 501 characters": (
        metric("(" + "a" * 499 + ")"),
        f'metrics[0].regex: found "({"a" * 78}…"; allowed: {REGEX}',
    ),
    "a metric without a name": (
        'metrics = [{ name = "", regex = "(a)" }]',
        f'metrics[0].name: found ""; allowed: {METRIC}',
    ),
    "a metric twice": (
        'metrics = [{ name = "a", regex = "a(.)" }, { name = "a", regex = "b(.)" }]',
        'metrics[1].name: found "a" twice; allowed: each once',
    ),
    "41 metrics": (
        "metrics = [" + ", ".join(f'{{ name = "m{i}", regex = "(a)" }}' for i in range(41)) + "]",
        'metrics: found a list of 41; allowed: a list of at most 40 { name = "...", '
        'regex = "..." }',
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    added, expected = MISTAKES[mistake]
    assert project.workload_problems((TRAINING, f"{TRAINING}\n{added}")) == [
        f"models.mars.training.{expected}"
    ]


def test_spot_training_waits_as_long_as_it_trains_unless_told(project: SettingsProject) -> None:
    assert project.load(WORKLOAD).models["mars"].training.max_wait is None
    spot = project.load(WORKLOAD.replace(TRAINING, f"{TRAINING}\nspot = true"))
    assert spot.models["mars"].training.max_wait == 600
    told = project.load(WORKLOAD.replace(TRAINING, f"{TRAINING}\nspot = true\nmax_wait = 86400"))
    assert told.models["mars"].training.max_wait == 86400


def test_a_model_may_be_trained_elsewhere(project: SettingsProject) -> None:
    variants = '[[variants]]\nname = "mars"'
    text = JOBS.replace("[evaluation]", f"{GIVEN}[evaluation]").replace(
        variants, f'{variants}\nmodel = "mars"\n[[variants]]\nname = "given"\nmodel = "given"'
    )
    models = project.load(text).models
    assert models["given"].artifact == "s3://b42/model.tar.gz"
    assert (models["given"].channels, models["mars"].channels) == ((), ("train",))


def test_a_model_that_was_trained_elsewhere_is_not_trained_here(project: SettingsProject) -> None:
    artifact = 'artifact = "s3://b42/model.tar.gz"\nchannels = ["train"]\n[models.mars.training]'
    assert project.workload_problems(("[models.mars.training]", artifact), text=JOBS) == [
        f"models.mars.hyperparameters: {TRAINED}",
        f"models.mars.channels: {TRAINED}",
        f"models.mars.training: {TRAINED}",
        f"models.mars.tuning: {TRAINED}",
    ]


@pytest.mark.parametrize("uri", ["s3://b42/model.zip", "s3://b42", "model.tar.gz"])
def test_an_artifact_is_an_archive_in_s3(project: SettingsProject, uri: str) -> None:
    image = 'image = { container = "mars" }'
    added = (image, f'{image}\nartifact = "{uri}"')
    assert project.workload_problems(added) == [
        f'models.mars.artifact: found "{uri}"; allowed: {ARTIFACT}'
    ]
