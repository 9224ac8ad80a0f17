"""A model on disk: the estimator in model.pickle, and metadata.json, which says what it takes.

A pickle can name any function and have it called as it is loaded. This one may name only what the
estimators of scikit-learn, of the model.py beside this folder, and of the packages that model.py
lists in PACKAGES consist of. That is a lock on the door, not a proof: serve models only from where
you know who writes.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import platform
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import sklearn

from toolkit.columns import Column
from toolkit.formats import as_json
from toolkit.paths import read_text
from toolkit.problems import UserError

ESTIMATOR = "model.pickle"
METADATA = "metadata.json"

# where the classes that a model may consist of come from, and those of its functions that it may
# call; a class can do harm as well: numpy's NpzFile reads another pickle, memmap writes files
_LIBRARIES = {"sklearn", "numpy", "scipy"}
_CLASSES_OF = (
    *("sklearn.", "numpy.random.", "scipy.sparse.", "scipy.interpolate."),
    *("scipy.stats._distn_infrastructure", "scipy.stats._continuous_distns"),
    "scipy.stats._discrete_distns",
)
_BUT_OF = ("sklearn.datasets.", "sklearn.externals.", "sklearn.utils._testing")
_FUNCTIONS_OF = ("sklearn.metrics.", "numpy.random._pickle")
_OTHERS = {
    **dict.fromkeys(("slice", "set", "frozenset", "bytearray", "complex", "object"), "builtins"),
    **dict.fromkeys(("_reconstruct", "scalar"), "numpy.core.multiarray"),
    "_frombuffer": "numpy.core.numeric",
    "_mareconstruct": "numpy.ma.core",
    "_reconstructor": "copyreg",
    "OrderedDict": "collections",
    "defaultdict": "collections",
}


@dataclass(frozen=True)
class Model:
    """A fitted estimator and what it takes."""

    estimator: Any
    columns: tuple[Column, ...]
    target: Column
    header: bool
    metadata: dict[str, Any]

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes that it tells apart; None where it predicts numbers."""
        return self.target.levels

    @cached_property
    def names(self) -> list[str]:
        """The names of the columns that it takes."""
        return [column.name for column in self.columns]

    @cached_property
    def width(self) -> int:
        """How many columns the estimator's matrix has."""
        return sum(column.width for column in self.columns)

    @cached_property
    def json_classes(self) -> list[str]:
        """The classes as JSON spells them."""
        return [json.dumps(name, ensure_ascii=False) for name in self.classes or ()]


def installed_versions() -> dict[str, str]:
    """Return the versions of what a pickled estimator depends on."""
    return {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
    }


def save_model(model: Model, folder: Path) -> None:
    """Write a model; a UserError if it could not be loaded again."""
    target = {"target": model.target.name}
    classes = {} if model.classes is None else {"classes": list(model.classes)}
    metadata = {
        "columns": [column.to_json() for column in model.columns],
        **target,
        **classes,
        **({} if model.header else {"header": "absent"}),
        **model.metadata,
        "versions": installed_versions(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ESTIMATOR).open("wb") as file:
        pickle.dump(model.estimator, file, protocol=5)
    (folder / METADATA).write_text(as_json(metadata), encoding="utf-8")
    load_model(folder)  # what could not be served fails the job that has made it


def load_model(folder: Path) -> Model:
    """Load what save_model wrote; a UserError says what is missing or does not fit."""
    files = (folder / ESTIMATOR, folder / METADATA)
    if not all(file.exists() for file in files):
        found = ", ".join(sorted(os.listdir(folder))) if folder.is_dir() else ""
        shown = f"'{found}'" if found else "nothing"
        raise UserError(
            f"no model in {folder}: expected {ESTIMATOR} and {METADATA}, found: {shown}"
        )
    metadata = _read_metadata(files[1])
    made_by = metadata.pop("versions")
    differences = [
        f"the model was made by {name} {made_by.get(name)}, this is {name} {version}"
        for name, version in installed_versions().items()
        if made_by.get(name) != version
    ]
    for difference in differences:
        print(difference, file=sys.stderr)
    try:
        with files[0].open("rb") as file:
            estimator = _Unpickler(file).load()
    except UserError:
        raise
    except Exception as error:
        reasons = [f"{ESTIMATOR} cannot be loaded: {type(error).__name__}: {error}", *differences]
        raise UserError("; ".join(reasons)) from error
    classes = metadata.pop("classes", None)
    return Model(
        estimator=estimator,
        columns=tuple(map(Column.from_json, metadata.pop("columns"))),
        target=Column(metadata.pop("target"), None if classes is None else tuple(classes)),
        header=metadata.pop("header", None) != "absent",
        metadata=metadata,
    )


def _read_metadata(file: Path) -> dict[str, Any]:
    try:
        metadata: dict[str, Any] = json.loads(read_text(file))
        keys = ("columns", "target", "example", "versions")
        if lacking := [key for key in keys if key not in metadata]:
            raise UserError(f"{METADATA} lacks {', '.join(lacking)}")
    except ValueError as error:
        raise UserError(f"{METADATA} is not JSON: {error}") from error
    return metadata


class _Unpickler(pickle.Unpickler):
    """Loads objects of known packages only."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, or refuse it."""
        known = _LIBRARIES | {"model"} | _own_packages()
        # nothing else is even imported, for which code would run
        if _OTHERS.get(name) == module or module.partition(".")[0] in known:
            found = super().find_class(module, name)
            if _OTHERS.get(name) == module or isinstance(found, np.ufunc) or _is_of_a_model(found):
                return found
        raise UserError(
            f"{ESTIMATOR} refers to {module}.{name}, expected only what scikit-learn's estimators "
            "and model.py consist of, or a package that PACKAGES of model.py names"
        )


def _is_of_a_model(found: Any) -> bool:
    # where it comes from, whatever name it was reached by: sklearn.x may have imported os
    home = getattr(found, "__module__", None)
    if not (isinstance(home, str) and callable(found)):
        return False
    package, name = home.partition(".")[0], found.__name__
    if package == "model" or package in _own_packages():
        return True
    if isinstance(found, type):
        return _is_part(found, home)
    rebuilds = name == "newObj" or name.startswith("__pyx_unpickle_")  # Cython's classes
    return package in _LIBRARIES and (rebuilds or home.startswith(_FUNCTIONS_OF))


def _is_part(found: type, home: str) -> bool:
    """Whether a class of the libraries is one that fitted estimators hold."""
    if issubclass(found, np.generic | np.ndarray | np.dtype):
        return not issubclass(found, np.memmap)
    return home.startswith(_CLASSES_OF) and not home.startswith(_BUT_OF)


def _own_packages() -> set[str]:
    return set(getattr(importlib.import_module("model"), "PACKAGES", ()))
