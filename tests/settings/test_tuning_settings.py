"""A search is one that SageMaker can make: its ranges, its metric, its strategy and its size."""

import pytest

from tests.settings.project import JOBS, SettingsProject
from workloads.schema import CategoricalRange

DEGREE = '{ type = "integer", min = 1, max = 3 }'
PENALTY = '{ type = "continuous", min = 0.5, max = 6.0, scaling = "Logarithmic" }'
PRUNE = '{ type = "categorical", values = [true, "false"] }'
JOBS_ALLOWED = "an integer from 1 to 750"
REGEX = 'a regular expression of 1 to 500 characters, such as "rmse=([0-9.]+)"'
VALUE = "a string of at most 256 characters, a finite number, true or false"
TRAINING, TUNING = "[models.mars.training]", "[models.mars.tuning]"
BAYESIAN, OBJECTIVE = 'strategy = "Bayesian"', 'metric = "validation:rmse"'
GRID = (BAYESIAN, 'strategy = "Grid"')
HYPERBAND = (BAYESIAN, 'strategy = "Hyperband"')
NOT_SEARCHED = (DEGREE, '{ type = "categorical", values = [1, 2, 3] }')
NOT_SEARCHED_EITHER = (PENALTY, '{ type = "categorical", values = [0.5, 6] }')
NO_JOBS = ("max_jobs = 6", "")


def metrics(*names: str) -> tuple[str, str]:
    listed = ", ".join(f'{{ name = "{name}", regex = "{name}=(.*)" }}' for name in names)
    return (TRAINING, f"{TRAINING}\nmetrics = [{listed}]")


MISTAKES = {
    # ranges
    "a range from more to less": (
        [(DEGREE, '{ type = "integer", min = 3, max = 1 }')],
        ["ranges.degree.min: found 3; allowed: less than max, 1"],
    ),
    "a range of one number": (
        [(PENALTY, '{ type = "continuous", min = 1, max = 1 }')],
        ["ranges.penalty.min: found 1.0; allowed: less than max, 1.0"],
    ),
    "a range of half numbers": (
        [(DEGREE, '{ type = "integer", min = 0.5, max = 3 }')],
        ["ranges.degree.min: found 0.5; allowed: an integer of at most 64 bits"],
    ),
    "a range without an end": (
        [(PENALTY, '{ type = "continuous", min = 1, max = inf }')],
        ["ranges.penalty.max: found inf; allowed: a finite number"],
    ),
    "a range of which one end is missing": (
        [(DEGREE, '{ type = "integer", min = 1 }')],
        ["ranges.degree.max: missing; allowed: an integer of at most 64 bits"],
    ),
    "the logarithm of 0": (
        [(PENALTY, '{ type = "continuous", min = 0, max = 6, scaling = "Logarithmic" }')],
        ["ranges.penalty.min: found 0.0; allowed: above 0 with Logarithmic scaling"],
    ),
    "the reverse logarithm of more than 1": (
        [(PENALTY, '{ type = "continuous", min = -1, max = 1, scaling = "ReverseLogarithmic" }')],
        [
            "ranges.penalty.min: found -1.0; allowed: at least 0 with ReverseLogarithmic scaling",
            "ranges.penalty.max: found 1.0; allowed: less than 1 with ReverseLogarithmic scaling",
        ],
    ),
    "a scaling that integers do not have": (
        [(DEGREE, '{ type = "integer", min = 1, max = 3, scaling = "ReverseLogarithmic" }')],
        [
            'ranges.degree.scaling: found "ReverseLogarithmic"; '
            'allowed: "Auto", "Linear", "Logarithmic"; did you mean "Logarithmic"?'
        ],
    ),
    "a type that no range has": (
        [(DEGREE, '{ type = "whole", min = 1, max = 3 }')],
        ['ranges.degree.type: found "whole"; allowed: "integer", "continuous", "categorical"'],
    ),
    "a range without a type": (
        [(DEGREE, "{ min = 1, max = 3 }")],
        ['ranges.degree.type: missing; allowed: "integer", "continuous", "categorical"'],
    ),
    "a type that is not recognised as one": (
        [(PRUNE, '{ typ = "categorical", values = ["a"] }')],
        [
            'ranges.prune.type: missing; allowed: "integer", "continuous", "categorical"',
            "ranges.prune.typ: unknown key; allowed: type, min, max, scaling, values; "
            'did you mean "type"?',
        ],
    ),
    "a range that is a list": (
        [(DEGREE, "[1, 3]")],
        ["ranges.degree: found a list of 2; allowed: a table of type, min, max, scaling, values"],
    ),
    "a key of another type of range": (
        [(PRUNE, '{ type = "categorical", values = ["a"], min = 1 }')],
        ["ranges.prune.min: unknown key; allowed: type, values"],
    ),
    "a category of no value": (
        [(PRUNE, '{ type = "categorical", values = [] }')],
        ["ranges.prune.values: found a list of 0; allowed: a list of 1 to 30 values"],
    ),
    "a value twice, once in quotes": (
        [(PRUNE, '{ type = "categorical", values = [1, "1"] }')],
        ['ranges.prune.values[1]: found "1" twice; allowed: each once'],
    ),
    "a value that is a list": (
        [(PRUNE, '{ type = "categorical", values = [[1]] }')],
        [f"ranges.prune.values[0]: found a list of 1; allowed: {VALUE}"],
    ),
    "a hyperparameter that is both fixed and searched": (
        [('target = "Width"', "degree = 2")],
        [
            'ranges.degree: found "degree"; '
            "allowed: a key that is not one of hyperparameters, which do not change"
        ],
    ),
    # objective
    "a goal that SageMaker does not have": (
        [('"Minimize"', '"minimise"')],
        [
            'objective.goal: found "minimise"; allowed: "Minimize", "Maximize"; '
            'did you mean "Minimize"?'
        ],
    ),
    "an objective that is not found in the logs": (
        [metrics("validation:mse"), ('regex = "rmse=([0-9.]+)"', "")],
        [
            f"objective.regex: missing; allowed: {REGEX}, or a metric of training.metrics; "
            'did you mean "validation:mse"?'
        ],
    ),
    "an objective that is found in two ways": (
        [metrics("validation:rmse")],
        [
            'objective.regex: found "rmse=([0-9.]+)"; '
            "allowed: none, as training.metrics says how validation:rmse is found"
        ],
    ),
    "an objective without a number": (
        [('"rmse=([0-9.]+)"', '"rmse=[0-9.]+"')],
        [
            'objective.regex: found 0 groups in "rmse=[0-9.]+"; '
            "allowed: one, around the number; write others as (?:...)"
        ],
    ),
    # size
    "more training jobs at a time than in all": (
        [("max_parallel_jobs = 2", "max_parallel_jobs = 7")],
        ["max_parallel_jobs: found 7; allowed: at most max_jobs, 6"],
    ),
    "more training jobs than AWS allows": (
        [("max_jobs = 6", "max_jobs = 751")],
        [f"max_jobs: found 751; allowed: {JOBS_ALLOWED}"],
    ),
    "a search without an end": (
        [NO_JOBS],
        [f"max_jobs: missing; allowed: {JOBS_ALLOWED}"],
    ),
    "a search of a minute": (
        [(TUNING, f"{TUNING}\nmax_runtime = 60")],
        [
            "max_runtime: found 60; allowed: an integer from 120 to 86400 (seconds): "
            "a deploy waits a day at most"
        ],
    ),
    # strategy
    "a strategy that there is not": (
        [(BAYESIAN, 'strategy = "Baysian"')],
        [
            'strategy: found "Baysian"; allowed: "Bayesian", "Random", "Grid", "Hyperband"; '
            'did you mean "Bayesian"?'
        ],
    ),
    "a grid of a number of jobs": (
        [GRID, NOT_SEARCHED, NOT_SEARCHED_EITHER],
        [
            "max_jobs: found 6; allowed: none with Grid, which has a job for each combination "
            "of values"
        ],
    ),
    "a grid of ranges": (
        [GRID, NO_JOBS],
        [
            'ranges.degree.type: found "integer"; allowed: "categorical", the only type with Grid',
            'ranges.penalty.type: found "continuous"; '
            'allowed: "categorical", the only type with Grid',
        ],
    ),
    "a grid of 900 combinations": (
        [
            GRID,
            NO_JOBS,
            (DEGREE, f'{{ type = "categorical", values = {list(range(30))} }}'),
            (PENALTY, f'{{ type = "categorical", values = {list(range(15))} }}'),
        ],
        ["ranges: found 900 combinations; allowed: at most 750"],
    ),
    "more jobs than there are combinations": (
        [(PENALTY, '{ type = "categorical", values = [2] }'), ("max_jobs = 6", "max_jobs = 7")],
        ["max_jobs: found 7; allowed: at most 6, as many as ranges has combinations of values"],
    ),
    "Hyperband without epochs": (
        [HYPERBAND],
        ["resource: missing; allowed: a table of min, max"],
    ),
    "Hyperband of more epochs at least than at most": (
        [HYPERBAND, (TUNING, f"{TUNING}\nresource = {{ min = 10, max = 10 }}")],
        ["resource.min: found 10; allowed: less than max, 10"],
    ),
    "Hyperband that stops early twice": (
        [HYPERBAND, (TUNING, f"{TUNING}\nresource.max = 9\nearly_stopping = true")],
        [
            "early_stopping: found true; "
            "allowed: false with Hyperband, which stops training jobs early by itself"
        ],
    ),
    "epochs without Hyperband": (
        [(TUNING, f"{TUNING}\nresource = {{ max = 9 }}")],
        ["resource: found with Bayesian; allowed: only with Hyperband"],
    ),
    "a warm start that there is not": (
        [(TUNING, f'{TUNING}\nwarm_start = "Transfer"')],
        [
            'warm_start: found "Transfer"; '
            'allowed: "IdenticalDataAndAlgorithm", "TransferLearning"; '
            'did you mean "TransferLearning"?'
        ],
    ),
    "a seed below 0": (
        [(TUNING, f"{TUNING}\nrandom_seed = -1")],
        ["random_seed: found -1; allowed: an integer from 0 to 2147483647"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    changes, expected = MISTAKES[mistake]
    assert project.workload_problems(*changes, text=JOBS) == [
        f"models.mars.tuning.{line}" for line in expected
    ]


def test_there_are_1_to_30_ranges(project: SettingsProject) -> None:
    head, tail = JOBS.split("[models.mars.tuning.ranges]")
    _, tail = tail.split("[evaluation]")

    def problems(ranges: int) -> list[str]:
        table = "\n".join(f'r{i} = {{ type = "integer", min = 1, max = 2 }}' for i in range(ranges))
        text = f"{head}[models.mars.tuning.ranges]\n{table}\n[evaluation]{tail}"
        return project.workload_problems(text=text)

    assert problems(30) == []
    for wrong in (0, 31):
        assert problems(wrong) == [
            "models.mars.tuning.ranges: found a table; allowed: a table of 1 to 30 hyperparameters"
        ]


def test_what_tuning_leaves_of_the_trainings_limits(project: SettingsProject) -> None:
    """SageMaker adds a hyperparameter, and takes fewer metrics and variables than for training."""
    parameters = ", ".join(f"h{i} = {i}" for i in range(97))
    variables = ", ".join(f'V{i} = "1"' for i in range(49))
    listed = ", ".join(f'{{ name = "m{i}", regex = "(a)" }}' for i in range(20))
    added = (
        f'{TRAINING}\nmetrics = [{listed}]\nenvironment = {{ {variables} }}\nexperiment = "iris"'
    )
    changes = ('target = "Width"', parameters), (TRAINING, added)
    assert project.workload_problems(*changes, text=JOBS) == [
        "models.mars.hyperparameters: found 100 hyperparameters, with those of tuning.ranges; "
        "allowed: at most 99",
        "models.mars.training.metrics: found 21 metrics, with the objective; "
        "allowed: at most 20 with tuning",
        "models.mars.training.environment: found 49 keys; allowed: at most 48 with tuning",
        'models.mars.training.experiment: found "iris"; '
        "allowed: none with tuning, whose training jobs cannot be put into one",
    ]


def test_an_objective_may_be_one_of_the_trainings_metrics(project: SettingsProject) -> None:
    changes = metrics("validation:rmse", "train:rmse"), ('regex = "rmse=([0-9.]+)"', "")
    assert project.workload_problems(*changes, text=JOBS) == []


def test_a_grid_has_a_job_for_each_combination(project: SettingsProject) -> None:
    changes = GRID, NO_JOBS, NOT_SEARCHED, NOT_SEARCHED_EITHER
    assert project.workload_problems(*changes, text=JOBS) == []


def test_hyperband_has_its_epochs(project: SettingsProject) -> None:
    changes = HYPERBAND, (TUNING, f"{TUNING}\nresource = {{ max = 9 }}")
    assert project.workload_problems(*changes, text=JOBS) == []


def test_the_values_of_a_category_are_strings_as_on_the_wire(project: SettingsProject) -> None:
    tuning = project.load(JOBS).models["mars"].tuning
    assert tuning
    assert tuning.ranges["prune"] == CategoricalRange(type="categorical", values=("true", "false"))
