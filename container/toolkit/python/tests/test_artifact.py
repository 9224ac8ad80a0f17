from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer, StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import all_estimators

from toolkit.artifact import Model, load_model, save_model
from toolkit.csv_tables import parse_csv
from toolkit.fitting import predict_rows
from toolkit.problems import UserError
from toolkit.tests.examples import IRIS

TABLE = parse_csv(IRIS)
X = np.array([[float(c) for c in row] for row in zip(*TABLE.columns[:4], strict=True)])
CLASSES = np.unique(TABLE.columns[4], return_inverse=True)[1]


def loaded(model: Model, folder: Path) -> Model:
    save_model(model, folder)
    return load_model(folder)


def test_a_model_predicts_the_same_after_it_was_saved(
    lengths: Model, species: Model, tmp_path: Path
) -> None:
    for model in (lengths, species):
        again = loaded(model, tmp_path / str(model.target.name))
        assert (again.columns, again.target, again.header) == (
            model.columns,
            model.target,
            model.header,
        )
        assert again.metadata == model.metadata
        rows = TABLE.select(model.names)
        assert (predict_rows(again, rows).values == predict_rows(model, rows).values).all()


# what cannot be fitted to numbers and classes alone
SPECIAL = {"MultiOutput", "Chain", "CategoricalNB", "Isotonic", "Multi", "CCA", "PLS", "Dummy"}


def estimators() -> list[Any]:
    found = []
    for kind in ("classifier", "regressor"):
        for name, make in all_estimators(type_filter=kind):
            if any(word in name for word in SPECIAL):
                continue
            try:
                found.append(pytest.param(make(), kind, id=name))
            except TypeError:  # it is made of another one
                continue
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "kind"), estimators())
def test_every_estimator_of_scikit_learn_can_be_kept(
    estimator: Any, kind: str, species: Model, tmp_path: Path
) -> None:
    estimator.fit(X, CLASSES if kind == "classifier" else X[:, 0] + 1)
    again = loaded(replace(species, estimator=estimator), tmp_path).estimator
    assert again.predict(X).tolist() == pytest.approx(estimator.predict(X).tolist(), nan_ok=True)


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(
            ColumnTransformer(
                [("log", FunctionTransformer(np.log1p), [0, 1])], remainder="passthrough"
            ),
            SVR(),
        ),
        GridSearchCV(
            DecisionTreeRegressor(random_state=np.random.RandomState(1)),
            {"max_depth": [1, 2]},
            scoring=make_scorer(mean_absolute_error, greater_is_better=False),
        ),
        GridSearchCV(HistGradientBoostingRegressor(max_iter=5), {"max_depth": [1, 2]}),
        RandomizedSearchCV(SVR(), {"C": loguniform(0.1, 10)}, n_iter=2, random_state=0),
        make_pipeline(SplineTransformer(), LogisticRegression()),
        VotingClassifier([("a", LogisticRegression()), ("b", MLPClassifier(max_iter=5))]),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_estimators_made_of_others_can_be_kept(
    estimator: Any, species: Model, tmp_path: Path
) -> None:
    estimator.fit(X, CLASSES)
    again = loaded(replace(species, estimator=estimator), tmp_path).estimator
    assert again.predict(X).tolist() == estimator.predict(X).tolist()


class Calls:
    """Is a call of something when it is unpickled."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def test_a_class_that_reads_another_pickle_or_writes_a_file_is_refused_uncalled(
    species: Model, tmp_path: Path
) -> None:
    save_model(species, tmp_path)
    trace = tmp_path / "trace"
    other = pickle.dumps({"arr_0.npy": Calls(os.system, f"touch {trace}")})
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.writestr("arr_0.npy", other)
    for made in (
        Calls(np.lib.npyio.NpzFile, str(tmp_path / "other.npz"), True, True),
        Calls(np.memmap, str(trace), "uint8", "w+", 0, (1,)),
        Calls(np.lib.npyio.DataSource, str(trace)),
    ):
        (tmp_path / "model.pickle").write_bytes(pickle.dumps(made))
        with pytest.raises(UserError, match=r"^model.pickle refers to numpy\."):
            load_model(tmp_path)
        assert not trace.exists()


def test_what_may_not_be_named_is_not_imported(species: Model, tmp_path: Path) -> None:
    save_model(species, tmp_path)
    assert "antigravity" not in sys.modules
    (tmp_path / "model.pickle").write_bytes(b"cantigravity\nfly\n.")
    with pytest.raises(UserError, match=r"refers to antigravity\.fly"):
        load_model(tmp_path)
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (os.system, "posix.system"),
        (subprocess.check_output, "subprocess.check_output"),
        (eval, "builtins.eval"),
        (getattr, "builtins.getattr"),
        (np.load, "numpy.load"),
        (np.fromfile, "numpy.fromfile"),
        (open, "io.open"),
    ],
)
def test_a_pickle_that_calls_something_else_is_refused_uncalled(
    species: Model, tmp_path: Path, function: Callable[..., Any], name: str
) -> None:
    save_model(species, tmp_path)
    trace = tmp_path / "trace"
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(Calls(function, f"touch {trace}")))
    with pytest.raises(UserError) as error:
        load_model(tmp_path)
    assert str(error.value).startswith(f"model.pickle refers to {name}, expected only what scikit")
    assert not trace.exists()


def test_what_a_package_has_imported_from_elsewhere_is_not_its_own(
    species: Model, tmp_path: Path
) -> None:
    save_model(species, tmp_path)
    # protocol 4 names things in things: sklearn.datasets._base has imported os
    code = b"\x80\x04\x8c\x16sklearn.datasets._base\x8c\x09os.system\x93."
    (tmp_path / "model.pickle").write_bytes(code)
    with pytest.raises(UserError, match=r"model.pickle refers to sklearn.datasets._base.os.system"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["model.pickle", "metadata.json"])
def test_a_file_that_is_missing_or_damaged_is_named(
    species: Model, tmp_path: Path, name: str
) -> None:
    save_model(species, tmp_path)
    whole = (tmp_path / name).read_bytes()
    for content in (b"", b"nothing of it", whole[: len(whole) // 2]):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=f"^{name} "):
            load_model(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(UserError, match=r"expected model.pickle and metadata.json, found: '"):
        load_model(tmp_path)


def test_an_empty_folder_and_none_are_no_model(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UserError) as error:
            load_model(folder)
        assert str(error.value) == (
            f"no model in {folder}: expected model.pickle and metadata.json, found: nothing"
        )


def test_metadata_of_something_else_is_told(species: Model, tmp_path: Path) -> None:
    save_model(species, tmp_path)
    (tmp_path / "metadata.json").write_text('{"columns": [], "target": "y"}')
    with pytest.raises(UserError, match=r"metadata.json lacks example, versions"):
        load_model(tmp_path)


def test_another_version_is_told_and_is_no_error(
    species: Model, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save_model(species, tmp_path)
    load_model(tmp_path)
    assert capfd.readouterr().err == ""
    file = tmp_path / "metadata.json"
    metadata = json.loads(file.read_text())
    here = metadata["versions"]["scikit-learn"]
    metadata["versions"]["scikit-learn"] = "0.1"
    file.write_text(json.dumps(metadata))
    load_model(tmp_path)
    assert capfd.readouterr().err == (
        f"the model was made by scikit-learn 0.1, this is scikit-learn {here}\n"
    )


class Own(LogisticRegression):
    """A model.py's own estimator."""


def test_what_model_py_defines_or_names_can_be_kept(
    species: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = replace(species, estimator=Own().fit(X, CLASSES))
    with pytest.raises(UserError, match=r"refers to test_artifact.Own, .* PACKAGES of model.py"):
        save_model(own, tmp_path / "model")

    module = types.ModuleType("model")
    monkeypatch.setitem(sys.modules, "model", module)
    monkeypatch.setattr(module, "PACKAGES", ["test_artifact"], raising=False)
    assert loaded(own, tmp_path / "named").estimator.predict(X).tolist()

    monkeypatch.delattr(module, "PACKAGES")
    monkeypatch.setattr(module, "Own", Own, raising=False)
    monkeypatch.setattr(Own, "__module__", "model")
    assert loaded(own, tmp_path / "defined").estimator.predict(X).tolist()
