from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_squared_error, r2_score
from sklearn.svm import SVC

from toolkit import fitting
from toolkit.artifact import Model
from toolkit.csv_tables import Table, parse_csv
from toolkit.fitting import compare_rows, fit_model, one_thread, predict_rows
from toolkit.metrics import classification_metrics, metric_lines, regression_metrics
from toolkit.problems import UserError
from toolkit.tests.examples import IRIS, estimator, fitted

ROWS = [line.split(",") for line in IRIS.splitlines()[1:]]
X = np.array([[float(cell) for cell in row[:4]] for row in ROWS])
Y = np.array([row[4] for row in ROWS])
TABLE = parse_csv(IRIS)


def test_classes_are_predicted_as_scikit_learn_does_by_hand(species: Model) -> None:
    by_hand = LogisticRegression(max_iter=1000).fit(X, Y)
    predicted = predict_rows(species, TABLE.select(species.names))
    assert species.classes == tuple(by_hand.classes_)
    assert [species.classes[code] for code in predicted.values] == by_hand.predict(X).tolist()
    assert predicted.probabilities == pytest.approx(by_hand.predict_proba(X), rel=1e-12)
    assert species.metadata["metrics"]["train"] == pytest.approx(
        {
            "accuracy": accuracy_score(Y, by_hand.predict(X)),
            "f1_macro": f1_score(Y, by_hand.predict(X), average="macro"),
            "log_loss": log_loss(Y, by_hand.predict_proba(X)),
        },
        rel=1e-12,
    )


def test_numbers_are_predicted_as_scikit_learn_does_by_hand(lengths: Model) -> None:
    features = np.hstack([X[:, 1:], Y[:, np.newaxis] == np.unique(Y)])
    predicted = LinearRegression().fit(features, X[:, 0]).predict(features)
    assert predict_rows(lengths, TABLE.select(lengths.names)).values == pytest.approx(predicted)
    assert lengths.metadata["metrics"]["train"] == pytest.approx(
        {
            "rmse": math.sqrt(mean_squared_error(X[:, 0], predicted)),
            "mae": float(np.mean(np.abs(predicted - X[:, 0]))),
            "r2": r2_score(X[:, 0], predicted),
            "max_error": float(np.max(np.abs(predicted - X[:, 0]))),
        }
    )


def test_numbers_may_be_taken_as_classes() -> None:
    text = "y,a\n0,1\n0,2\n1,8\n1,9\n"
    model = fitted(text, target="y", task="classification")
    assert model.classes == ("0", "1")
    assert fitted(text, target="y").classes is None


def wrong(build: Any, **settings: Any) -> str:
    with pytest.raises(UserError) as error:
        fit_model(TABLE, {"probabilities": False, **settings}, build, header=True)
    return str(error.value)


def test_an_estimator_of_the_other_task_is_refused() -> None:
    assert wrong(lambda *_: LinearRegression(), target="Species") == (
        "column 'Species' holds classes, which LinearRegression cannot predict: "
        "expected a classifier"
    )
    assert wrong(lambda *_: LogisticRegression(), target="Sepal.Length") == (
        "column 'Sepal.Length' holds numbers, which LogisticRegression cannot predict: expected a "
        "regressor, or hyperparameter 'task': classification"
    )
    assert "row 1, column 'Species': found 'setosa', expected a number" in wrong(
        estimator, target="Species", task="regression"
    )


@pytest.mark.parametrize(
    ("target", "build", "name"),
    [
        ("Sepal.Length", estimator, "LinearRegression"),
        ("Species", lambda *_: RidgeClassifier(), "RidgeClassifier"),
    ],
)
def test_probabilities_are_refused_where_there_are_none(target: str, build: Any, name: str) -> None:
    assert wrong(build, target=target, probabilities=True) == (
        f"hyperparameter 'probabilities': found 'true', allowed: false with {name}, which has none"
    )


def test_a_classifier_without_probabilities_has_no_log_loss() -> None:
    settings = {"target": "Species", "probabilities": False}
    model = fit_model(TABLE, settings, lambda *_: RidgeClassifier(), header=True)
    assert set(model.metadata["metrics"]["train"]) == {"accuracy", "f1_macro"}
    assert predict_rows(model, TABLE.select(model.names)).probabilities is None


def test_a_class_is_the_estimators_own_answer_and_not_the_most_probable_one() -> None:
    def build(*_: object) -> Any:
        return SVC(probability=True, random_state=0)

    text = "y,a\n" + "".join(f"{'pqr'[(7 * n) % 11 % 3]},{n % 13}\n" for n in range(60))
    settings = {"target": "y", "probabilities": True}
    model = fit_model(parse_csv(text), settings, build, header=True)
    predicted = predict_rows(model, parse_csv(text).select(["a"]))
    by_hand = model.estimator.predict([[n % 13] for n in range(60)])
    assert predicted.values.tolist() == by_hand.tolist()
    assert predicted.probabilities is not None
    assert (predicted.values != np.argmax(predicted.probabilities, axis=1)).any()


def test_many_rows_are_predicted_in_blocks_and_told_by_their_numbers(
    species: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = TABLE.select(species.names)
    at_once = predict_rows(species, rows)
    monkeypatch.setattr(fitting, "_MOST_NUMBERS", 7 * 4)
    in_blocks = predict_rows(species, rows)
    assert in_blocks.values.tolist() == at_once.values.tolist()
    assert in_blocks.probabilities == pytest.approx(at_once.probabilities, rel=1e-12)
    wrong = parse_csv(IRIS.replace("7.7,2.6", "7.7,x")).select(species.names)
    row = IRIS.splitlines().index("7.7,2.6,6.9,2.3,virginica")
    with pytest.raises(UserError, match=f"^row {row}, column 'Sepal.Width': found 'x'"):
        predict_rows(species, wrong)


def test_a_class_that_is_neither_there_nor_predicted_leaves_f1_as_it_is() -> None:
    actual = np.array([0, 0, 1])
    assert classification_metrics(actual, actual, None, 3) == {"accuracy": 1.0, "f1_macro": 1.0}


def test_build_gets_the_task_and_no_setting_of_the_toolkit() -> None:
    calls = []

    def build(settings: dict[str, Any], task: str) -> object:
        calls.append((settings, task))
        return estimator(settings, task)

    for target in ("Sepal.Length", "Species"):
        fit_model(TABLE, {"target": target, "probabilities": False, "C": 2}, build, header=True)
    assert calls == [({"C": 2}, "regression"), ({"C": 2}, "classification")]


def test_rows_may_have_more_columns_than_a_model_takes(lengths: Model) -> None:
    more = Table([*TABLE.names, "more"], [*TABLE.columns, ["x"] * TABLE.rows])
    expected = compare_rows(lengths, TABLE)
    found = compare_rows(lengths, more)
    assert found.actual.tolist() == expected.actual.tolist() == X[:, 0].tolist()
    assert found.predicted.values.tolist() == expected.predicted.values.tolist()
    with pytest.raises(UserError, match=r"column 'Sepal.Length' is missing, found: Sepal.Width"):
        compare_rows(lengths, TABLE.select(lengths.names))


def test_a_class_that_was_not_trained_on_is_told(species: Model) -> None:
    with pytest.raises(
        UserError, match="row 1, column 'Species': found 'rosa', expected one of set"
    ):
        compare_rows(species, parse_csv(IRIS.replace("setosa", "rosa")))


def test_a_forest_predicts_alike_whatever_it_was_trained_with() -> None:
    def forest(jobs: int) -> Any:
        return lambda *_: RandomForestRegressor(20, random_state=0, n_jobs=jobs)

    settings = {"target": "Sepal.Length", "probabilities": False}
    models = [fit_model(TABLE, settings, forest(jobs), header=True) for jobs in (1, -1)]
    with one_thread():
        one, all_cores = (
            predict_rows(model, TABLE.select(model.names)).values.tolist() for model in models
        )
    assert one == all_cores


def test_metrics_of_a_target_that_does_not_vary_have_no_r2() -> None:
    metrics = regression_metrics(np.array([2.0, 2.0]), np.array([1.0, 4.0]))
    assert metrics == {"rmse": math.sqrt(2.5), "mae": 1.5, "r2": None, "max_error": 2.0}
    assert metric_lines("test", {"r2": None, "mae": 1 / 3}) == [
        "test:r2=NA",
        "test:mae=0.333333333333333",
    ]
