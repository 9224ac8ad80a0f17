"""A built-in algorithm is asked for what it can do: each mistake is reported before a deploy."""

import pytest

from tests.settings.project import QUAKES, QUAKES_TUNING, SettingsProject
from workloads.builtin_images import BUILTINS

PARAMETERS, RANGES = "models.trees.hyperparameters", "models.trees.tuning.ranges"
ETA, TRAIN = "eta = 0.2", "data.train"
JSON = (
    'content_type = "application/json"\n'
    """body = '{"instances": [{"magnitude": 4.8, "depth": 5}]}'"""
)
CSV = "numbers without a header line: the label, then the 2 features"
OBJECTIVES = (
    '"reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror", '
    '"reg:absoluteerror", "reg:gamma", "reg:tweedie", "binary:logistic", "binary:logitraw", '
    '"binary:hinge", "count:poisson", "survival:aft", "survival:cox", "multi:softmax", '
    '"multi:softprob", "rank:pairwise", "rank:ndcg", "rank:map", "reg:linear"'
)
METRICS = (
    "validation:accuracy, validation:auc, validation:error, validation:f1, validation:logloss, "
    "validation:mae, validation:map, validation:merror, validation:mlogloss, validation:mse, "
    "validation:ndcg, validation:rmse"
)
TUNABLE = (
    "those that SageMaker can tune of XGBoost: alpha, colsample_bylevel, colsample_bynode, "
    "colsample_bytree, eta, gamma, lambda, max_delta_step, max_depth, min_child_weight, "
    "num_round, subsample"
)

HYPERPARAMETERS = {
    "eta = 1.5": "eta: found 1.5; allowed: a number from 0 to 1",
    'eta = "fast"': 'eta: found "fast"; allowed: a number from 0 to 1',
    "ete = 0.2": 'ete: unknown key; allowed: one of XGBoost\'s; did you mean "eta"?',
    "max_depth = 2.5": "max_depth: found 2.5; allowed: an integer of at least 0",
    "subsample = 0": "subsample: found 0; allowed: a number above 0, at most 1",
    "learning_rate = 2": "learning_rate: found 2; allowed: a number from 0 to 1",
    "verbosity = 4": "verbosity: found 4; allowed: an integer from 0 to 3",
    "scale_pos_weight = 0": "scale_pos_weight: found 0; allowed: a number above 0",
    "sketch_eps = 1": "sketch_eps: found 1; allowed: a number above 0, below 1",
    'booster = "gbtre"': 'booster: found "gbtre"; allowed: "gbtree", "gblinear", "dart"; '
    'did you mean "gbtree"?',
    'objective = "reg:squarederor"': f'objective: found "reg:squarederor"; allowed: {OBJECTIVES}; '
    'did you mean "reg:squarederror"?',
    'updater = "prune,grow"': 'updater: found "prune,grow"; allowed: a list with commas of '
    "grow_colmaker, distcol, grow_histmaker, grow_local_histmaker, grow_skmaker, sync, refresh, "
    'prune, shotgun, coord_descent; did you mean "prune"?',
    "rate_drop = 0.1": 'rate_drop: found without it; allowed: only with booster = "dart"; else '
    "XGBoost ignores it",
    "num_class = 3": "num_class: found without it; allowed: only with objective = "
    '"multi:softmax" or objective = "multi:softprob"',
    'monotone_constraints = "(1, 0)"': "monotone_constraints: found without it; allowed: only "
    'with tree_method = "exact" or tree_method = "hist"',
    'objective = "multi:softmax"': "num_class: missing; allowed: an integer of at least 2, for "
    "objective = multi:softmax",
    'objective = "reg:gamma"\neval_metric = "auc"': 'eval_metric: found "auc"; '
    "allowed: other metrics with this objective: auc is of binary: and rank:",
    "early_stopping_rounds = 3": "early_stopping_rounds: found without them; allowed: only with "
    "eval_metric, whose last metric decides, and a channel validation",
}
OTHERS = {
    "no number of rounds": (
        [("num_round = 50", "")],
        f"{PARAMETERS}.num_round: missing; allowed: an integer of at least 1",
    ),
    "metrics of one's own": (
        [("training]", 'training]\nmetrics = [{ name = "a", regex = "(a)" }]')],
        "models.trees.training.metrics: found; allowed: none: SageMaker's XGBoost has metrics of "
        "its own",
    ),
    "an evaluation": (
        [("[models.trees]\n", '[evaluation]\nchannel = "test"\n[models.trees]\n'),
         (TRAIN, 'data.test = { path = "data/iris.csv" }\ndata.train')],
        "evaluation: found; allowed: only where each model's image is your own: SageMaker's "
        "XGBoost, models.trees, has no program evaluate",
    ),
    "a channel that it does not know": (
        [(TRAIN, 'data.more = { path = "data/train.csv", content_type = "text/csv" }\ndata.train')],
        "data.more: found as one to train on; allowed: train, validation, the only channels of "
        "SageMaker's XGBoost",
    ),
    "no channel train": (
        [(TRAIN, "data.validatio")],
        [
            "data: found validatio, validation; allowed: train, and validation beside it",
            "data.validatio: found as one to train on; allowed: train, validation, the only "
            "channels of SageMaker's XGBoost",
        ],
    ),
    "a stop that nothing decides": (
        [
            (ETA, 'early_stopping_rounds = 3\neval_metric = "rmse"\nobjective = "reg:gamma"'),
            ("data.validation", "# "),
        ],
        f"{PARAMETERS}.early_stopping_rounds: found without it; allowed: only with a channel "
        "validation, on which the metric decides",
    ),
    "data of another type": (
        [('"text/csv; header=absent"', '"text/tab-separated-values"')],
        'data.train.content_type: found "text/tab-separated-values"; allowed: "text/csv" (without '
        'a header line), "text/libsvm": what SageMaker\'s XGBoost reads',
    ),
    "data with a header": (
        [('"text/csv; header=absent"', '"text/csv; header=present"')],
        'data.train.content_type: found "text/csv; header=present"; allowed: "text/csv" (without '
        'a header line), "text/libsvm": what SageMaker\'s XGBoost reads',
    ),
    "data of no type": (
        [(', content_type = "text/csv; header=absent"', "")],
        'data.train.content_type: missing; allowed: "text/csv" (without a header line), '
        "\"text/libsvm\": what SageMaker's XGBoost reads",
    ),
    "a header line in the data": (
        [('train.csv", content_type = "text/csv;', 'iris.csv", content_type = "text/csv;')],
        f'data.train.path: found "Width" in line 1 of iris.csv; allowed: {CSV} of api.features',
    ),
    "another number of columns than of features": (
        [('    { name = "depth", type = "integer" },\n', ""), ('"4.8,562"', '"4.8"')],
        [
            f"data.{name}.path: found 3 columns in train.csv; allowed: 2: "
            "numbers without a header line: the label, then the 1 features"
            for name in ("train", "validation")
        ],
    ),
    "a weight that the data does not have": (
        [(ETA, "csv_weights = 1")],
        [
            f"data.{name}.path: found 3 columns in train.csv; allowed: 4: "
            "numbers without a header line: the label, the weight, then the 2 features"
            for name in ("train", "validation")
        ],
    ),
    "requests in JSON": (
        [('content_type = "text/csv"\nheader = false', 'content_type = "application/json"')],
        [
            'api.content_type: found "application/json"; allowed: "text/csv", which SageMaker\'s '
            "XGBoost takes",
            'smoke.content_type: found "text/csv"; allowed: "application/json", which '
            "SageMaker's XGBoost takes",
        ],
    ),
    "requests with a header": (
        [("header = false", "header = true"), ('"4.8,562"', '"magnitude,depth\\n4.8,562"')],
        "api.header: found true; allowed: false: SageMaker's XGBoost takes the features by their "
        "order",
    ),
    "features that are no numbers": (
        [('type = "integer"', 'type = "string"')],
        'api.features[1].type: found "string"; allowed: "number", "integer": SageMaker\'s XGBoost '
        "takes numbers only",
    ),
    "a smoke request in JSON": (
        [('content_type = "text/csv"\nbody = "4.8,562"', JSON)],
        'smoke.content_type: found "application/json"; allowed: "text/csv", which SageMaker\'s '
        "XGBoost takes",
    ),
}  # fmt: skip
TUNINGS = {
    "a metric that it does not have": (
        ('"validation:rmse"', '"validation:rsme"'),
        f'objective.metric: found "validation:rsme"; allowed: {METRICS}; '
        'did you mean "validation:rmse"?',
    ),
    "a regex for what SageMaker knows": (
        ('goal = "Minimize"', 'goal = "Minimize", regex = "rmse:(.*)"'),
        'objective.regex: found "rmse:(.*)"; allowed: none: SageMaker\'s XGBoost has metrics of '
        "its own",
    ),
    "a search for what cannot be searched": (
        ("max_depth =", "max_leaves ="),
        f'ranges.max_leaves: found "max_leaves"; allowed: {TUNABLE}',
    ),
    "a range of another type": (
        ('{ type = "integer", min = 1', '{ type = "continuous", min = 1'),
        'ranges.max_depth.type: found "continuous"; allowed: "integer", "categorical"',
    ),
    "a range that is too long": (
        ("min = 0.0", "min = -1.0"),
        "ranges.gamma.min: found -1.0; allowed: a number of at least 0",
    ),
    "a value that is too large": (
        ("[0.5, 1]", "[0.5, 2]"),
        "ranges.subsample.values[1]: found 2; allowed: a number above 0, at most 1",
    ),
}


def problems(project: SettingsProject, *changes: tuple[str, str], text: str = QUAKES) -> list[str]:
    return project.workload_problems(*changes, text=text)


def test_a_workload_of_a_builtin_algorithm_is_valid(quakes: SettingsProject) -> None:
    assert quakes.load(QUAKES).models["trees"].channels == ("train", "validation")


@pytest.mark.parametrize("wrong", HYPERPARAMETERS)
def test_a_wrong_hyperparameter_is_reported(quakes: SettingsProject, wrong: str) -> None:
    assert problems(quakes, (ETA, wrong)) == [f"{PARAMETERS}.{HYPERPARAMETERS[wrong]}"]


@pytest.mark.parametrize(
    "right",
    [
        *("reg_alpha = 0.1", "lambda = 2", 'booster = "dart"\nrate_drop = 0.1', "seed = -1"),
        'objective = "reg:linear"\neval_metric = "rmse,mae,error@0.7"\nearly_stopping_rounds = 3',
        'objective = "multi:softprob"\nnum_class = 3',
        'tree_method = "hist"\nmonotone_constraints = "(1, -1)"',
        'tree_method = "exact"\ninteraction_constraints = "[[1, 2]]"',
        "save_model_on_termination = true",
    ],
)
def test_what_xgboost_takes_is_allowed(quakes: SettingsProject, right: str) -> None:
    assert problems(quakes, (ETA, right)) == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("monotone_constraints", "(2)"),
        ("monotone_constraints", "__import__('os')"),
        ("interaction_constraints", "[1, 2]"),
        ("interaction_constraints", "[[0]]"),
        ("interaction_constraints", "[["),
        ("eval_metric", "rmse,rsme"),
        ("eval_metric", "error@half"),
        ("eval_metric", "rmse@1"),
    ],
)
def test_a_list_that_is_not_of_its_kind_is_reported(
    quakes: SettingsProject, name: str, wrong: str
) -> None:
    (line,) = problems(
        quakes, (ETA, f'tree_method = "exact"\nobjective = "reg:gamma"\n{name} = "{wrong}"')
    )
    assert line.startswith(f'{PARAMETERS}.{name}: found "{wrong}"; allowed: ')


@pytest.mark.parametrize("mistake", OTHERS)
def test_what_a_builtin_algorithm_cannot_do_is_reported(
    quakes: SettingsProject, mistake: str
) -> None:
    changes, expected = OTHERS[mistake]
    lines = [expected] if isinstance(expected, str) else expected
    assert problems(quakes, *changes) == lines


@pytest.mark.parametrize("mistake", TUNINGS)
def test_a_tuning_is_of_what_sagemaker_can_tune(quakes: SettingsProject, mistake: str) -> None:
    tuned = QUAKES.replace("[[variants]]", QUAKES_TUNING, 1)
    assert problems(quakes, text=tuned) == []
    change, expected = TUNINGS[mistake]
    assert problems(quakes, change, text=tuned) == [f"models.trees.tuning.{expected}"]


def test_rounds_may_be_searched(quakes: SettingsProject) -> None:
    tuned = QUAKES.replace("[[variants]]", QUAKES_TUNING, 1).replace("num_round = 50", "")
    assert problems(quakes, ("max_depth =", "num_round ="), text=tuned) == []


def test_a_problem_of_two_models_with_the_same_data_is_told_once(quakes: SettingsProject) -> None:
    other = 'image = { builtin = "xgboost", version = "1.5-1" }\nhyperparameters.num_round = 5'
    both = QUAKES.replace(
        "[[variants]]",
        f'[models.other]\n{other}\n[[variants]]\nname = "b"\nmodel = "other"\n[[variants]]\n'
        'model = "trees"',
    )
    assert problems(quakes, text=both) == []
    assert len(problems(quakes, ('"text/csv; header=absent"', '"text/plain"'), text=both)) == 1


def test_a_model_trained_elsewhere_needs_no_hyperparameters(quakes: SettingsProject) -> None:
    head, tail = QUAKES.split("[models.trees.hyperparameters]")
    given = 'artifact = "s3://bucket/model.tar.gz"\n[[variants]]'
    text = head.replace("data.train", "#").replace("data.validation", "#") + given
    text += tail.split("[[variants]]")[1]
    assert problems(quakes, text=text) == []
    assert problems(quakes, ("header = false", "header = true"), text=text)


def test_a_region_without_the_algorithm_is_refused(quakes: SettingsProject) -> None:
    quakes.write("workloads/iris.toml", QUAKES)
    accounts = ", ".join(BUILTINS["xgboost"].accounts)
    line = (
        'workloads/iris.toml: models.trees.image.builtin: found "mx-central-1", where it would be '
        f"deployed; allowed: a region that has SageMaker's XGBoost: {accounts}"
    )
    assert quakes.problems(region="mx-central-1") == (line,)
    quakes.write("environments/default.toml", 'region = "mx-central-1"')
    assert quakes.problems(region="eu-west-1") == (line,)
    quakes.write("environments/default.toml", 'region = "eu-west-1"')
    assert quakes.problems(region="mx-central-1") == ()
