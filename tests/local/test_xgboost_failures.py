"""What is wrong with a training of XGBoost is said by the stand-in as by SageMaker's own."""

from pathlib import Path

import pytest

from tests.local.xgboost_program import BOTH, CSV, SIX, TRAIN, VALIDATION, Program

FAILURES: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "no number of rounds": ({"eta": "1"}, BOTH, "Missing required hyperparameter: num_round"),
    "an unknown hyperparameter": (
        {**SIX, "ete": "1"}, BOTH, "Extraneous hyperparameter found: ete"),
    "a word for a number": (
        {**SIX, "eta": "fast"}, BOTH, "Hyperparameter eta: could not parse value 'fast'"),
    "no round": ({"num_round": "0"}, BOTH, "Hyperparameter num_round: 0 is not in [1, +inf)"),
    "classes without their number": (
        {**SIX, "objective": "multi:softmax"}, BOTH,
        "Require input for parameter 'num_class' for multi-classification"),
    "what XGBoost refuses": (
        {**SIX, "tree_method": "fastest"}, BOTH, "XGB train call failed with exception:\n Invalid"),
    "labels that are no classes": (
        {**SIX, "objective": "binary:logistic"}, BOTH,
        "label must be in (0, 1) for logistic regression"),
    "no channel train": (SIX, {"validation": VALIDATION}, "Missing required channel: train"),
    "another channel": ({**SIX}, {**BOTH, "test": "1,2\n"}, "Extraneous channel found: test"),
    "a header line": (
        SIX, {"train": f"label,a,b,c\n{TRAIN}"},
        "train.csv, row 1, column 1: could not convert string to float: 'label', expected a "
        "number; SageMaker's XGBoost reads numbers without a header line, the label first"),
    "text": (
        SIX, {"train": f"{TRAIN}1,2,east,4\n"},
        "train.csv, row 151, column 3: could not convert string to float: 'east', expected a num"),
    "a row of another length": (
        SIX, {"train": f"{TRAIN}1,2\n"}, "train.csv, row 151: found 2 columns, expected 4"),
    "no data": (SIX, {"train": ""}, "No data in train channel path"),
    "one column": (SIX, {"train": "1\n2\n"}, "Could not determine delimiter on line 1"),
    "a label that is missing": (SIX, {"train": f"{TRAIN},1,2,3\n"}, "row 151 has no label"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", FAILURES)
def test_what_is_wrong_is_in_the_failure_file(tmp_path: Path, wrong: str) -> None:
    hyperparameters, channels, reason = FAILURES[wrong]
    program = Program(tmp_path)
    program.provide(hyperparameters, channels)
    outcome = program.train()
    assert outcome.code == 1
    assert outcome.failure.startswith("framework error: ")
    assert reason in outcome.failure
    assert "Stack trace" not in outcome.failure
    assert list((program.base / "model").iterdir()) == []


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"ContentType": "text/csv; header=absent"}, "Channel configuration for 'train' channel"),
        ({"ContentType": "application/x-parquet"}, "reads csv, text/csv, libsvm, text/libsvm"),
        ({**CSV, "TrainingInputMode": "Pipe"}, "use the input mode File or FastFile"),
    ],
)
def test_data_that_it_does_not_read_is_refused(
    tmp_path: Path, config: dict[str, str], reason: str
) -> None:
    program = Program(tmp_path)
    program.provide(SIX, {"train": TRAIN}, {"train": config})
    assert reason in program.train().failure


def test_libsvm_that_is_none_is_refused(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.provide(SIX, {"train": "1 0:2\n2 a:3\n"}, {"train": {}})
    failure = program.train().failure
    assert (
        "line 2: invalid literal for int() with base 10: 'a', expected <label> <index>:" in failure
    )


def test_several_instances_are_refused(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.provide(SIX, BOTH, resourceconfig={"hosts": ["algo-1", "algo-2"]})
    assert "on one instance only" in program.train().failure
