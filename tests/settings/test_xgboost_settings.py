"""What SageMaker's XGBoost would fail a job with, or ignore, is reported before a deploy."""

import pytest

from tests.settings.project import QUAKES, QUAKES_TUNING, SettingsProject

ETA, VERSION = "eta = 0.2", 'version = "1.7-1"'
PARAMETERS = "models.trees.hyperparameters"
TUNED = QUAKES.replace("[[variants]]", QUAKES_TUNING, 1)
GROWING = "grow_colmaker, distcol, grow_histmaker, grow_local_histmaker"
LINEAR = 'shotgun, coord_descent only with booster = "gblinear"'
FAILURES = {
    'eval_metric = "rmse"': "eval_metric: found without it; allowed: only with objective",
    'objective = "reg:gamma"\neval_metric = "rmse,aft-nloglik"': (
        'eval_metric: found "aft-nloglik"; allowed: other metrics with this objective: '
        "aft-nloglik is of survival:aft"
    ),
    'updater = "shotgun"': f'updater: found "shotgun"; allowed: {LINEAR}',
    'booster = "dart"\nupdater = "prune,shotgun"': (
        f'updater: found "prune,shotgun"; allowed: {LINEAR}'
    ),
    'booster = "gblinear"\nupdater = "prune"': (
        'updater: found "prune"; allowed: one of shotgun, coord_descent with booster = "gblinear"'
    ),
    'booster = "gblinear"\nupdater = "shotgun,coord_descent"': (
        'updater: found "shotgun,coord_descent"; allowed: one of shotgun, coord_descent with '
        'booster = "gblinear"'
    ),
    'updater = "grow_colmaker,grow_histmaker"': (
        f'updater: found "grow_colmaker,grow_histmaker"; allowed: at most one of {GROWING}'
    ),
    'process_type = "update"\nupdater = "grow_colmaker"': (
        'updater: found "grow_colmaker"; allowed: refresh, prune with process_type = "update"'
    ),
    'tree_method = "hist"\nmonotone_constraints = "(1)"': (
        'monotone_constraints: found "(1)"; allowed: -1, 0 or 1 for each feature, such as '
        '"(1, 0, -1)" or "(1,)"'
    ),
    "prob_buffer_row = 1.5": "prob_buffer_row: found 1.5; allowed: an integer of at least 2",
}
IGNORED = {
    "lambda_bias = 0.5": 'booster = "gblinear"',
    "tweedie_variance_power = 1.5": 'objective = "reg:tweedie"',
    'aft_loss_distribution = "normal"': 'objective = "survival:aft"',
    'booster = "gbtree"\nskip_drop = 0.5': 'booster = "dart"',
}


def problems(project: SettingsProject, *changes: tuple[str, str], text: str = QUAKES) -> list[str]:
    return project.workload_problems(*changes, text=text)


@pytest.mark.parametrize("wrong", FAILURES)
def test_what_would_fail_a_job_is_reported(quakes: SettingsProject, wrong: str) -> None:
    assert problems(quakes, (ETA, wrong)) == [f"{PARAMETERS}.{FAILURES[wrong]}"]


@pytest.mark.parametrize("unused", IGNORED)
def test_what_would_be_ignored_is_reported_as_that(quakes: SettingsProject, unused: str) -> None:
    (line,) = problems(quakes, (ETA, unused))
    ending = f"only with {IGNORED[unused]}; else XGBoost ignores it"
    assert line.endswith(f": found without it; allowed: {ending}")


@pytest.mark.parametrize(
    "right",
    [
        'objective = "survival:aft"\neval_metric = "aft-nloglik"',
        'objective = "binary:logistic"\neval_metric = "auc"',
        'objective = "reg:absoluteerror"',
        'booster = "gblinear"\nupdater = "shotgun"',
        'updater = "grow_colmaker,grow_skmaker,prune"',
        'process_type = "update"\nupdater = "refresh,prune"',
        *(
            f'tree_method = "hist"\nmonotone_constraints = "{each}"'
            for each in ("(1,)", "(1, -1,)", "(0,1)", "( -1 , )")
        ),
        "prob_buffer_row = 2",
    ],
)
def test_what_xgboost_takes_is_allowed(quakes: SettingsProject, right: str) -> None:
    assert problems(quakes, (ETA, right)) == []


@pytest.mark.parametrize("version", ["0.90-2", "1.5-1"])
def test_an_objective_that_the_version_does_not_have_is_reported(
    quakes: SettingsProject, version: str
) -> None:
    objective = (ETA, 'objective = "reg:absoluteerror"')
    assert problems(quakes, objective, (VERSION, f'version = "{version}"')) == [
        f'{PARAMETERS}.objective: found "reg:absoluteerror"; allowed: others in version {version}: '
        "this one is there from 1.7"
    ]
    assert problems(quakes, objective, (VERSION, 'version = "3.0-5"')) == []


def test_a_tunings_metric_is_of_a_channel_that_the_model_has(quakes: SettingsProject) -> None:
    none = ("data.validation", "# ")
    assert problems(quakes, none, text=TUNED) == [
        'models.trees.tuning.objective.metric: found "validation:rmse"; allowed: only with a '
        "channel validation, on which it is measured"
    ]


def test_a_tunings_metric_may_decide_when_to_stop(quakes: SettingsProject) -> None:
    assert problems(quakes, (ETA, "early_stopping_rounds = 3"), text=TUNED) == []
