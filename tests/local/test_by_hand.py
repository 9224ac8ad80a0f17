"""What a script of workloads/by-hand/ prints is read as metrics, or refused."""

from pathlib import Path

import pytest

from local.by_hand import ByHand, ScriptError, run, script_of

SCRIPT = Path("workloads", "by-hand", "tulips.py")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project; a script runs in its folder."""
    (tmp_path / SCRIPT.parent).mkdir(parents=True)
    return tmp_path


def _printing(root: Path, *lines: str, models: tuple[str, ...] = ("linear",)) -> ByHand:
    (root / SCRIPT).write_text(f"print({chr(10).join(lines)!r})")
    return run(SCRIPT, models, {}, root=root)


def test_a_script_is_found_by_the_name_of_its_workload_and_a_language(root: Path) -> None:
    assert script_of("tulips", root) is None
    (root / SCRIPT).touch()
    assert script_of("tulips", root) == SCRIPT
    (root / SCRIPT).with_name("roses.R").touch()
    assert script_of("roses", root) == SCRIPT.with_name("roses.R")


@pytest.mark.parametrize(
    "key", ["rmse", "linear:rmse", "validation:rmse", "linear:validation:rmse"]
)
def test_a_line_is_a_metric_of_the_only_model(root: Path, key: str) -> None:
    told = _printing(root, f"{key}=0.301543884161119", "", " mae=1e-3 ")
    assert told.metrics == {("linear", "rmse"): 0.301543884161119, ("linear", "mae"): 0.001}
    assert told.tolerance is None


def test_of_several_models_each_line_names_one(root: Path) -> None:
    models = ("linear", "xgboost")
    told = _printing(root, "linear:rmse=2", "xgboost:validation:rmse=1", models=models)
    assert told.metrics == {("linear", "rmse"): 2, ("xgboost", "rmse"): 1}


def test_a_script_says_how_closely_it_is_to_be_met(root: Path) -> None:
    told = _printing(root, "tolerance=0.001", "rmse=2")
    assert told == ByHand({("linear", "rmse"): 2.0}, 0.001)


@pytest.mark.parametrize("line", ["Loading xgboost", "rmse=", "rmse=NA", "rmse=nan", "rmse", "=1x"])
def test_what_is_no_number_of_a_metric_is_no_comparison(root: Path, line: str) -> None:
    with pytest.raises(ScriptError) as error:
        _printing(root, "mae=1", line)
    assert str(error.value) == f'{SCRIPT} printed "{line}"; allowed: <metric>=<number>'


@pytest.mark.parametrize("line", ["rmse=1", "lineal:rmse=1"])
def test_of_several_models_none_that_there_is_not_is_named(root: Path, line: str) -> None:
    with pytest.raises(ScriptError, match=r"allowed: <model>:<metric>=<number>, of linear, xgb"):
        _printing(root, line, models=("linear", "xgboost"))


@pytest.mark.parametrize(
    ("models", "expected"),
    [(("mars",), "degree=2 penalty=0.5"), (("mars", "cart"), "mars:degree=2 mars:penalty=0.5")],
)
def test_what_a_tuning_has_chosen_is_handed_on(
    root: Path, models: tuple[str, ...], expected: str
) -> None:
    (root / SCRIPT).write_text("import sys; sys.exit(' '.join(sys.argv[1:]))")
    with pytest.raises(ScriptError) as error:
        run(SCRIPT, models, {("mars", "degree"): "2", ("mars", "penalty"): "0.5"}, root=root)
    assert str(error.value) == f"{SCRIPT} failed:\n{expected}"


def test_a_script_runs_with_debians_python_in_the_projects_folder(root: Path) -> None:
    (root / SCRIPT).write_text("import os, sys; sys.exit(f'{sys.prefix} {os.getcwd()}')")
    with pytest.raises(ScriptError, match=f"/usr {root}$"):
        run(SCRIPT, ["linear"], {}, root=root)
