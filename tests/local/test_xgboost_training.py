"""The stand-in for SageMaker's XGBoost trains what XGBoost does, and says what SageMaker's says."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.local.xgboost_program import BINARY, BOTH, FOLDER, ROWS, SIX, Program
from workloads.schema import builtin_xgboost, xgboost_hyperparameters


def trained(tmp_path: Path, hyperparameters: dict[str, str], version: str = "1.7-1") -> Program:
    program = Program(tmp_path, version)
    program.provide({**SIX, **hyperparameters}, BOTH)
    outcome = program.train()
    assert outcome.code == 0, outcome.output
    return program


def same_as_by_hand(program: Program, parameters: dict[str, Any], rounds: int = 6) -> bool:
    """Whether the model predicts what xgboost.train gives with these parameters."""
    predicted, expected = program.by_hand(
        f"t, v = csv('train'), csv('validation')[:, 1:]\n"
        f"by_hand = xgb.train({parameters!r}, xgb.DMatrix(t[:, 1:], label=t[:, 0]), {rounds})\n"
        "print(json.dumps([m.predict(xgb.DMatrix(v)).tolist() for m in (model(), by_hand)]))"
    )
    return bool(predicted == expected)


def test_the_model_is_xgboosts_with_the_defaults_of_the_images_version(tmp_path: Path) -> None:
    old = trained(tmp_path / "old", {})
    assert same_as_by_hand(old, {"base_score": 0.5, "tree_method": "exact"})
    assert not same_as_by_hand(old, {})
    absolute = {"objective": "reg:absoluteerror"}  # by which 1.7 estimated base_score already
    estimated = trained(tmp_path / "absolute", absolute)
    assert same_as_by_hand(estimated, {**absolute, "tree_method": "exact"})
    assert same_as_by_hand(trained(tmp_path / "new", {}, version="3.2-0"), {})


def test_hyperparameters_are_xgboosts(tmp_path: Path) -> None:
    by_hand = {
        "eta": 0.1,
        "max_depth": 2,
        "lambda": 3.5,
        "tree_method": "hist",
        "seed": 7,
        "subsample": 0.5,
        "base_score": 3,
        "monotone_constraints": (1, 0, 0),
        "objective": "reg:squarederror",
    }
    given = {name: str(value) for name, value in by_hand.items()}
    given |= {"reg_lambda": given.pop("lambda"), "objective": "reg:linear"}
    assert same_as_by_hand(trained(tmp_path, given), by_hand)


@pytest.mark.parametrize("gone", ["predictor", "sketch_eps", "dsplit", "silent"])
def test_what_xgboost_no_longer_has_is_left_out_and_named(tmp_path: Path, gone: str) -> None:
    values = {"predictor": "cpu_predictor", "sketch_eps": "0.1", "dsplit": "row", "silent": "1"}
    program = Program(tmp_path)
    program.provide({**SIX, gone: values[gone]}, BOTH)
    outcome = program.train()
    assert outcome.code == 0, outcome.output
    assert f"{gone} is left out" in outcome.output


def test_the_log_has_a_line_for_each_round_as_xgboost_writes_it(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.provide({**SIX, "eval_metric": "rmse,mae"}, BOTH)
    output = program.train().output
    assert "Train matrix has 150 rows and 3 columns" in output
    assert "Validation matrix has 50 rows" in output
    rounds = [line for line in output.splitlines() if "\ttrain-" in line]
    assert [line.split("\t")[0] for line in rounds] == [f"[{number}]" for number in range(6)]
    error = program.by_hand(
        "v = csv('validation')\n"
        "e = model().predict(xgb.DMatrix(v[:, 1:])) - v[:, 0]\n"
        "print(json.dumps([float(np.sqrt((e ** 2).mean())), float(abs(e).mean())]))"
    )
    *_, rmse, mae = rounds[-1].split("\t")
    assert (rmse, mae) == (f"validation-rmse:{error[0]:.5f}", f"validation-mae:{error[1]:.5f}")


def test_the_default_metric_is_that_of_the_images_version(tmp_path: Path) -> None:
    for version, metric in (("1.2-2", "error"), ("1.7-1", "logloss")):
        program = Program(tmp_path / version, version)
        program.provide({**SIX, "objective": "binary:logistic"}, BINARY)
        assert len(program.train().metrics(f"validation-{metric}")) == 6


def test_metrics_of_sagemakers_own_are_those_of_scikit_learn(tmp_path: Path) -> None:
    classes = ["accuracy", "balanced_accuracy", "f1", "f1_binary", "precision", "recall",
               "precision_macro", "recall_macro", "precision_micro", "recall_micro"]  # fmt: skip
    program = Program(tmp_path)
    metrics = {"eval_metric": ",".join(classes), "objective": "binary:logistic", "max_depth": "1"}
    program.provide({"num_round": "1", **metrics}, BINARY)
    outcome = program.train()
    expected = program.by_hand(
        "from sklearn import metrics as m\n"
        "v = csv('validation'); y, p = v[:, 0], model().predict(xgb.DMatrix(v[:, 1:])) > 0.5\n"
        "print(json.dumps([m.accuracy_score(y, p), m.balanced_accuracy_score(y, p), "
        "m.f1_score(y, p, average='macro'), m.f1_score(y, p), m.precision_score(y, p), "
        "m.recall_score(y, p), m.precision_score(y, p, average='macro'), "
        "m.recall_score(y, p, average='macro'), m.precision_score(y, p, average='micro'), "
        "m.recall_score(y, p, average='micro')]))"
    )
    found = [outcome.metrics(f"validation-{name}")[0] for name in classes]
    assert found == [round(value, 5) for value in expected]
    assert len(set(found)) > 5  # the model is not too good to tell them apart


def test_regressions_have_sagemakers_metrics_too(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.provide({**SIX, "eval_metric": "mse,r2"}, BOTH)
    outcome = program.train()
    mse, r2 = program.by_hand(
        "from sklearn import metrics as m\n"
        "v = csv('validation'); p = model().predict(xgb.DMatrix(v[:, 1:]))\n"
        "print(json.dumps([float(m.mean_squared_error(v[:, 0], p)), m.r2_score(v[:, 0], p)]))"
    )
    assert outcome.metrics("validation-mse")[-1] == pytest.approx(mse, abs=1e-5)
    assert outcome.metrics("validation-r2")[-1] == pytest.approx(r2, abs=1e-5)


def test_classes_of_several_are_told_by_the_likeliest(tmp_path: Path) -> None:
    rows = "".join(f"{int(float(a)) % 3},{a},{b}\n" for _, a, b, _ in ROWS)
    program = Program(tmp_path)
    hyperparameters = {"objective": "multi:softprob", "num_class": "3", "eval_metric": "accuracy"}
    program.provide({**SIX, **hyperparameters}, {"train": rows})
    accuracy = program.train().metrics("train-accuracy")[-1]
    expected = program.by_hand(
        "t = csv('train'); p = model().predict(xgb.DMatrix(t[:, 1:]))\n"
        "print(json.dumps(float((p.argmax(axis=1) == t[:, 0]).mean())))"
    )
    assert accuracy == pytest.approx(expected, abs=1e-5)


def test_a_tunings_objective_is_measured(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.provide({**SIX, "_tuning_objective_metric": "validation:mae"}, BOTH)
    assert len(program.train().metrics("validation-mae")) == 6


def test_training_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    program = Program(tmp_path)
    early = {"num_round": "400", "eta": "1", "eval_metric": "rmse", "early_stopping_rounds": "3"}
    early["objective"] = "reg:linear"  # which the newest library cannot stop early
    program.provide(early, BOTH)
    values = program.train().metrics("validation-rmse")
    best = values.index(min(values))
    assert len(values) == best + 4 < 400
    assert program.by_hand("print(model().num_boosted_rounds())") == best + 1


@pytest.mark.parametrize(
    ("metrics", "decides"),
    [
        ({"eval_metric": "mse,rmse"}, "rmse"),
        ({"eval_metric": "rmse,mse"}, "mse"),
        ({"_tuning_objective_metric": "validation:mae", "eval_metric": "mse,rmse"}, "mae"),
        ({"_tuning_objective_metric": "validation:mae"}, "mae"),
    ],
)
def test_the_metric_that_a_job_stops_by_is_the_tunings_or_the_last(
    tmp_path: Path, metrics: dict[str, str], decides: str
) -> None:
    program = Program(tmp_path)
    program.provide({**SIX, "early_stopping_rounds": "3", **metrics}, BOTH)
    values = program.train().metrics(f"validation-{decides}")
    attributes = program.by_hand("print(json.dumps(model().attributes()))")
    # What has decided has written down what the best was; metrics here are of different sizes.
    assert float(attributes["best_score"]) == pytest.approx(min(values), abs=1e-5)


def test_a_metric_that_should_be_large_is_not_stopped_while_it_grows(tmp_path: Path) -> None:
    program = Program(tmp_path)
    stop = {"eval_metric": "auc", "early_stopping_rounds": "2", "objective": "binary:logistic"}
    program.provide({"num_round": "30", "max_depth": "2", "eta": "0.3", **stop}, BINARY)
    values = program.train().metrics("validation-auc")
    assert max(values) > values[0], values
    assert len(values) > 3


def test_weights_are_the_second_column(tmp_path: Path) -> None:
    weighted = "".join(f"{y},{1 + i % 3},{a},{b},{c}\n" for i, (y, a, b, c) in enumerate(ROWS))
    program = Program(tmp_path)
    program.provide({**SIX, "csv_weights": "1"}, {"train": weighted})
    outcome = program.train()
    assert outcome.code == 0, outcome.output
    model, by_hand = program.by_hand(
        "t = csv('train'); d = xgb.DMatrix(t[:, 2:], label=t[:, 0], weight=t[:, 1])\n"
        "h = xgb.train({'base_score': 0.5, 'tree_method': 'exact'}, d, 6)\n"
        "print(json.dumps([m.predict(xgb.DMatrix(t[:, 2:])).tolist() for m in (model(), h)]))"
    )
    assert model == by_hand


def test_libsvm_trains_the_same_model_as_csv(tmp_path: Path) -> None:
    by_csv = trained(tmp_path / "csv", {})
    lines = "".join(f"{y} 0:{a} 1:{b} 2:{c}\n" for y, a, b, c in ROWS[:150])
    program = Program(tmp_path / "libsvm")
    program.provide(SIX, {"train": lines}, {"train": {}})  # libsvm is the default
    assert program.train().code == 0
    script = (
        "v = np.array([[1, 0.5, 0.1], [7, 0.2, -1]])\n"
        "print(json.dumps(model().predict(xgb.DMatrix(v)).tolist()))"
    )
    assert program.by_hand(script) == by_csv.by_hand(script)


def test_an_empty_cell_is_a_missing_value(tmp_path: Path) -> None:
    rows = [(y, a if i % 3 else "", b, c) for i, (y, a, b, c) in enumerate(ROWS)]
    program = Program(tmp_path)
    program.provide(SIX, {"train": "".join(f"{y},{a},{b},{c}\n" for y, a, b, c in rows)})
    assert program.train().code == 0
    values = [[float(cell) if cell != "" else None for cell in row] for row in rows]
    model, by_hand = program.by_hand(
        f"t = np.array({values!r}, dtype=np.float32); d = xgb.DMatrix(t[:, 1:], label=t[:, 0])\n"
        "h = xgb.train({'base_score': 0.5, 'tree_method': 'exact'}, d, 6)\n"
        "print(json.dumps([m.predict(d).tolist() for m in (model(), h)]))"
    )
    assert model == by_hand


def test_a_job_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    program = Program(tmp_path)
    config = {"LocalPath": "/opt/ml/checkpoints", "S3Uri": "s3://bucket/checkpoints"}
    program.provide({"num_round": "8"}, BOTH, checkpointconfig=config)
    assert program.train().code == 0
    folder = program.base / "checkpoints"
    kept = [f"xgboost-checkpoint.{number}" for number in range(3, 8)]
    assert sorted(path.name for path in folder.iterdir()) == kept
    for name in kept[3:]:
        (folder / name).unlink()
    outcome = program.train()
    assert "Resuming from iteration 6" in outcome.output
    assert len(outcome.metrics("train-rmse")) == 2
    assert same_as_by_hand(program, {"base_score": 0.5, "tree_method": "exact"}, rounds=8)


@pytest.mark.parametrize(("keeps", "models"), [("true", ["xgboost-model"]), ("false", [])])
def test_a_job_that_is_stopped_keeps_its_model_if_it_was_told_to(
    tmp_path: Path, keeps: str, models: list[str]
) -> None:
    program = Program(tmp_path)
    program.provide({"num_round": "1000000", "save_model_on_termination": keeps}, BOTH)
    process = subprocess.Popen(
        [program.programs / "train"],
        cwd=program.programs,
        env=program.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("[20]"):
            break
    process.send_signal(signal.SIGTERM)
    process.stdout.close()
    assert (process.wait(30) == 0) == (keeps == "true")
    assert [path.name for path in (program.base / "model").iterdir()] == models


def test_every_metric_that_sagemaker_finds_is_one_that_there_is() -> None:
    known = json.loads((FOLDER / "metrics.json").read_text())["metrics"]
    assert sorted(known) == sorted(xgboost_hyperparameters.EVAL_METRICS)
    assert {f"validation:{name}" for name in known} >= set(builtin_xgboost.METRICS)
