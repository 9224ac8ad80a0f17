"""A deployed metric is what the same model gives by hand, or the demo fails and says which."""

import pytest

from local import __main__ as command
from local.by_hand import ByHand
from local.comparison import assert_equal, compare, show_compared
from tests.cli.conftest import Terminal

RMSE = ("linear", "rmse")
MAE = ("linear", "mae")


@pytest.mark.parametrize(
    ("deployed", "by_hand", "tolerance", "holds"),
    [
        (0.301544, 0.301544, None, True),
        (0.3015444, 0.3015440, None, True),
        (0.129531981, 0.129531735, None, True),
        (0.3015447, 0.3015440, None, False),
        (0.301545, 0.301544, None, False),
        (301545.0, 301544.0, None, False),
        (301544.4, 301544.0, None, True),
        (99.99994, 99.9999, None, True),
        (99.99996, 99.9999, None, False),
        (0.301545, 0.301544, 1e-3, True),
        (0.3020, 0.3015, 1e-3, False),
        (2e-15, 0.0, None, True),
        (2e-15, -7e-17, 1e-3, True),
        (2e-9, 0.0, None, False),
        (-0.5, 0.5, None, False),
        (float("nan"), 0.5, None, False),
    ],
)
def test_six_digits_are_equal_or_what_the_script_says(
    deployed: float, by_hand: float, tolerance: float | None, holds: bool
) -> None:
    (compared,) = compare("tulips", {RMSE: deployed}, ByHand({RMSE: by_hand}, tolerance))
    assert compared.holds == holds


def test_the_table_has_each_metric_with_its_difference() -> None:
    terminal = Terminal()
    metrics = {RMSE: 0.3015443, MAE: 0.25}
    quakes = compare("quakes", {RMSE: 10.5}, ByHand({RMSE: 10.0}, 0.001))
    tulips = compare("tulips", metrics, ByHand({RMSE: 0.3015443}))
    show_compared([*quakes, *tulips], terminal.console)
    assert [line.split() for line in terminal.lines] == [
        ["workload", "model", "metric", "deployed", "by", "hand", "difference", "equal"],
        ["quakes", "linear", "rmse", "10.5", "10", "5e-01", "NOT", "within", "0.001"],
        ["tulips", "linear", "mae", "0.25"],
        ["tulips", "linear", "rmse", "0.301544", "0.301544", "0", "to", "6", "digits"],
    ]


def test_what_differs_is_named_with_both_values() -> None:
    assert_equal(compare("tulips", {RMSE: 0.5, MAE: 1.0}, ByHand({RMSE: 0.5})))
    with pytest.raises(RuntimeError) as error:
        assert_equal(compare("tulips", {RMSE: 0.5, MAE: 1.0}, ByHand({RMSE: 0.6, MAE: 1.0})))
    assert "rmse of tulips, model linear: deployed 0.5, by hand 0.6, which may" in str(error.value)
    assert "mae" not in str(error.value)


def test_without_a_script_there_is_nothing_to_differ_from() -> None:
    assert_equal(compare("tulips", {RMSE: 0.5}, None))


@pytest.mark.parametrize(
    ("by_hand", "told"),
    [
        (ByHand({("linear", "rsme"): 0.5}), "tulips has linear:rsme; what is deployed has linear:"),
        (ByHand({}), "by hand tulips has nothing; what is deployed has linear:rmse"),
    ],
)
def test_a_misspelt_metric_is_not_taken_for_equal(by_hand: ByHand, told: str) -> None:
    with pytest.raises(RuntimeError, match=told):
        compare("tulips", {RMSE: 0.5}, by_hand)


def test_a_demo_that_does_not_hold_is_exit_code_1_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def demo(words: str, _console: object) -> None:
        assert words == "tulips"
        assert_equal(compare("tulips", {RMSE: 0.5}, ByHand({RMSE: 0.6})))

    monkeypatch.setitem(command.COMMANDS, "demo", demo)
    assert command.main(["demo", "--workloads", "tulips"]) == 1
    assert "rmse of tulips" in capsys.readouterr().err
