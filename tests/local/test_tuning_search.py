"""What a tuning job proposes, and what it gives up, without any training."""

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.sagemaker.errors import SageMakerError
from local.sagemaker.tuning.ranges import (
    MAX_INTEGER,
    ORDERS_APART,
    Continuous,
    combinations,
    parameter_ranges,
)
from local.sagemaker.tuning.search import MEDIAN_OF, Search

Config = dict[str, Any]


def config(ranges: Config, strategy: str = "Random", **change: Any) -> Config:
    return {
        "Strategy": strategy,
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "rmse"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 3},
        "ParameterRanges": ranges,
        **change,
    }


def integer(name: str, low: int, high: int, scaling: str = "Auto") -> Config:
    return {"Name": name, "MinValue": str(low), "MaxValue": str(high), "ScalingType": scaling}


def continuous(low: float, high: float, scaling: str = "Auto") -> Config:
    item = {"Name": "x", "MinValue": repr(low), "MaxValue": repr(high), "ScalingType": scaling}
    return {"ContinuousParameterRanges": [item]}


def categorical(**values: list[str]) -> Config:
    items = [{"Name": name, "Values": each} for name, each in values.items()]
    return {"CategoricalParameterRanges": items}


MIXED: Config = {
    "IntegerParameterRanges": [integer("degree", 1, 3)],
    **continuous(0.5, 6.0, "Logarithmic"),
    **categorical(prune=["true", "false"]),
}

strategies = st.sampled_from(["Bayesian", "Random", "Hyperband"])
seeds = st.integers(0, 2**32 - 1)


def proposed(
    ranges: Config, number: int, strategy: str = "Random", seed: int | None = None
) -> list[dict[str, str]]:
    """Hyperparameters of attempts that end one after the other."""
    seeded = {} if seed is None else {"RandomSeed": seed}
    search = Search(config(ranges, strategy, **seeded), (1, 9) if strategy == "Hyperband" else None)
    found = []
    for value in range(number):
        attempt = search.ask()
        attempt.end(float(value % 3), completed=True)
        found.append(attempt.hyperparameters)
    return found


@st.composite
def pairs(draw: st.DrawFn, low: int, high: int) -> tuple[int, int]:
    first, second = draw(st.lists(st.integers(low, high), min_size=2, max_size=2, unique=True))
    return min(first, second), max(first, second)


@settings(max_examples=40)
@given(pairs(-MAX_INTEGER, MAX_INTEGER), strategies, seeds)
def test_an_integer_is_proposed_whole_and_inside_its_range(
    ends: tuple[int, int], strategy: str, seed: int
) -> None:
    low, high = ends
    ranges = {"IntegerParameterRanges": [integer("n", low, high, "Linear")]}
    for hyperparameters in proposed(ranges, 6, strategy, seed):
        assert low <= int(hyperparameters["n"]) <= high


@settings(max_examples=40)
@given(pairs(1, 10**9), strategies, seeds)
def test_an_integer_on_a_logarithmic_scale_is_whole_and_inside_its_range(
    ends: tuple[int, int], strategy: str, seed: int
) -> None:
    low, high = ends
    ranges = {"IntegerParameterRanges": [integer("n", low, high, "Logarithmic")]}
    for hyperparameters in proposed(ranges, 6, strategy, seed):
        assert low <= int(hyperparameters["n"]) <= high


@st.composite
def continuous_ranges(draw: st.DrawFn) -> tuple[float, float, str]:
    scaling = draw(st.sampled_from(["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]))
    low, high = {"Logarithmic": (1e-9, 1e9), "ReverseLogarithmic": (0.0, 1 - 1e-9)}.get(
        scaling, (-1e9, 1e9)
    )
    numbers = st.floats(low, high, allow_subnormal=False)
    first, second = draw(st.lists(numbers, min_size=2, max_size=2, unique=True))
    return min(first, second), max(first, second), scaling


@settings(max_examples=100)
@given(continuous_ranges(), strategies, seeds)
def test_a_number_is_proposed_inside_its_range_on_every_scale(
    given_range: tuple[float, float, str], strategy: str, seed: int
) -> None:
    low, high, scaling = given_range
    for hyperparameters in proposed(continuous(low, high, scaling), 6, strategy, seed):
        assert low <= float(hyperparameters["x"]) <= high


@settings(max_examples=60)
@given(continuous_ranges(), seeds)
def test_what_was_proposed_can_be_learned_by_the_next_search(
    given_range: tuple[float, float, str], seed: int
) -> None:
    ranges = continuous(*given_range)
    search = Search(config(ranges, "Bayesian", RandomSeed=seed), None)
    assert all(search.learn(hyperparameters, 1.0) for hyperparameters in proposed(ranges, 3))


def share_below(bound: float, ranges: Config) -> float:
    """The share of random proposals of x below a bound."""
    found = [float(each["x"]) for each in proposed(ranges, 400, seed=1)]
    return sum(x < bound for x in found) / len(found)


def test_a_logarithmic_scale_gives_each_order_of_magnitude_its_share() -> None:
    assert share_below(0.01, continuous(0.0001, 1, "Logarithmic")) == pytest.approx(0.5, abs=0.1)
    assert share_below(0.01, continuous(0.0001, 1, "Linear")) < 0.05


def test_a_logarithmic_scale_is_for_integers_too() -> None:
    item = integer("x", 1, 10_000, "Logarithmic")
    assert share_below(100, {"IntegerParameterRanges": [item]}) == pytest.approx(0.5, abs=0.1)
    linear = {**item, "ScalingType": "Linear"}
    assert share_below(100, {"IntegerParameterRanges": [linear]}) < 0.05


def test_a_reverse_logarithmic_scale_is_dense_next_to_one() -> None:
    below = share_below(0.99, continuous(0, 0.9999, "ReverseLogarithmic"))
    assert below == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("low", "high", "scaling"),
    [(1, ORDERS_APART, "Logarithmic"), (1, ORDERS_APART - 1, "Linear"), (0, 1000, "Linear")],
)
def test_auto_is_logarithmic_for_orders_of_magnitude_above_zero(
    low: float, high: float, scaling: str
) -> None:
    (found,) = parameter_ranges(config(continuous(low, high)))
    assert isinstance(found, Continuous)
    assert found.scaling == scaling


names = st.sampled_from(["kind", "prune", "link", "family"])
values = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4, unique=True)


@settings(max_examples=40)
@given(st.dictionaries(names, values, min_size=1, max_size=3), st.integers(0, 3))
def test_a_grid_has_every_combination_exactly_once(
    grid: dict[str, list[str]], parallel: int
) -> None:
    ranges = categorical(**grid)
    search = Search(config(ranges, "Grid"), None)
    number = int(combinations(parameter_ranges(config(ranges, "Grid"))))
    running, found = [], []
    for _ in range(number):
        running.append(search.ask())
        found.append(tuple(running[-1].hyperparameters[name] for name in sorted(grid)))
        if len(running) > parallel:
            running.pop(0).end(None, completed=False)  # a failure is not tried again
    assert sorted(found) == sorted(itertools.product(*(grid[name] for name in sorted(grid))))


@pytest.mark.parametrize("strategy", ["Bayesian", "Random", "Hyperband"])
def test_a_random_seed_repeats_a_search(strategy: str) -> None:
    assert proposed(MIXED, 8, strategy, seed=7) == proposed(MIXED, 8, strategy, seed=7)
    assert proposed(MIXED, 8, strategy, seed=7) != proposed(MIXED, 8, strategy, seed=8)


def distance(hyperparameters: dict[str, str]) -> float:
    return (math.log(float(hyperparameters["x"])) - math.log(0.03)) ** 2


def mean_distance(strategy: str, goal: str, completed: bool) -> float:
    """How far from the best x a search with a single optimum is, on the average of its attempts."""
    objective = {"Type": goal, "MetricName": "rmse"}
    limits = {"MaxNumberOfTrainingJobs": 40, "MaxParallelTrainingJobs": 1}
    change = {"HyperParameterTuningJobObjective": objective, "ResourceLimits": limits}
    found = []
    for seed in range(5):
        ranges = continuous(1e-6, 1, "Logarithmic")
        search = Search(config(ranges, strategy, RandomSeed=seed, **change), None)
        for _ in range(40):
            attempt = search.ask()
            found.append(distance(attempt.hyperparameters))
            value = found[-1] if goal == "Minimize" else -found[-1]
            attempt.report(value)
            attempt.end(value, completed)
    return sum(found) / len(found)


@pytest.mark.parametrize("completed", [True, False])
@pytest.mark.parametrize("goal", ["Minimize", "Maximize"])
def test_bayesian_search_learns_from_what_ended_and_from_what_was_given_up(
    goal: str, completed: bool
) -> None:
    bayesian, random = (mean_distance(each, goal, completed) for each in ("Bayesian", "Random"))
    assert bayesian < random / 2


def test_a_warm_start_searches_from_the_first_attempt_where_the_parents_were_good() -> None:
    ranges = continuous(1e-6, 1, "Logarithmic")
    first = {}
    for warm in (False, True):
        found = []
        for seed in range(10):
            search = Search(config(ranges, "Bayesian", RandomSeed=seed), None)
            for exponent in range(-60, 1) if warm else ():
                hyperparameters = {"x": repr(10 ** (exponent / 10))}
                assert search.learn(hyperparameters, distance(hyperparameters))
            found.append(distance(search.ask().hyperparameters))
        first[warm] = sum(found) / len(found)
    assert first[True] < first[False] / 4


def test_a_parents_attempt_outside_of_the_ranges_is_not_learned() -> None:
    search = Search(config(MIXED, "Bayesian"), None)
    inside = {"degree": "2", "x": "1.5", "prune": "true", "target": "Sepal.Length"}
    assert search.learn(inside, 1.0)
    for name, value in (("degree", "4"), ("degree", "2.5"), ("x", "0.1"), ("prune", "maybe")):
        assert not search.learn({**inside, name: value}, 1.0)
    assert not search.learn({"degree": "2"}, 1.0)


def curve(search: Search, *values: float) -> int:
    """Report values until the search gives the attempt up; how many were reported."""
    attempt = search.ask()
    for number, value in enumerate(values, start=1):
        if attempt.report(value):
            attempt.end(value, completed=False)
            return number
    attempt.end(values[-1], completed=True)
    return len(values)


@pytest.mark.parametrize(("goal", "sign"), [("Minimize", 1), ("Maximize", -1)])
def test_early_stopping_gives_up_what_is_worse_than_the_median(goal: str, sign: int) -> None:
    objective = {"Type": goal, "MetricName": "rmse"}
    auto = config(
        MIXED, HyperParameterTuningJobObjective=objective, TrainingJobEarlyStoppingType="Auto"
    )
    search = Search(auto, None)
    for _ in range(MEDIAN_OF):
        assert curve(search, sign * 3, sign * 2, sign * 1) == 3
    assert curve(search, sign * 2.5, sign * 1.5, sign * 0.5) == 3
    assert curve(search, sign * 3, sign * 2.5, sign * 2) == 2


def test_without_early_stopping_nothing_is_given_up() -> None:
    search = Search(config(MIXED), None)
    for _ in range(5):
        assert curve(search, 3, 2, 1) == 3
    assert curve(search, 9, 9, 9) == 3


def test_hyperband_gives_up_the_bad_and_none_before_its_min_resource() -> None:
    search = Search(config(MIXED, "Hyperband"), (3, 9))
    lengths = [curve(search, *[float(quality)] * 9) for quality in range(20)]
    assert lengths[0] == 9  # the best of all
    assert min(lengths) == 3
    assert lengths.count(3) > 5


def test_hyperband_lets_a_program_end_that_used_up_its_max_resource_and_stops_others() -> None:
    search = Search(config(MIXED, "Hyperband"), (1, 4))
    assert curve(search, 1, 1, 1, 1) == 4
    assert curve(Search(config(MIXED, "Hyperband"), (1, 4)), 1, 1, 1, 1, 1, 1) == 5


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({}, "at least one hyperparameter to tune"),
        (continuous(2, 1), "x: MinValue 2.0 must be less than MaxValue 1.0"),
        (continuous(0, 1, "Logarithmic"), "needs values greater than 0, not 0.0"),
        (continuous(0, 1, "ReverseLogarithmic"), r"needs 0 <= x < 1, not \[0.0, 1.0\]"),
        (continuous(-1e308, 1e308), "no range of finite numbers"),
        (continuous(math.nan, 1), "no range of finite numbers"),
        ({"IntegerParameterRanges": [integer("n", 0, 2, "ReverseLogarithmic")]}, "continuous"),
        ({"IntegerParameterRanges": [integer("n", 0, MAX_INTEGER + 1)]}, "does not support"),
        (
            {"IntegerParameterRanges": [{"Name": "n", "MinValue": "1.5", "MaxValue": "2"}]},
            "n: MinValue '1.5' is not of type int",
        ),
        ({"IntegerParameterRanges": [integer("x", 1, 2)], **continuous(1, 2)}, "more than one"),
        (categorical(kind=["a", "a"]), "more than once"),
        (
            {"IntegerParameterRanges": [integer(f"n{i}", 1, 2) for i in range(31)]},
            "31 hyperparameters, more than 30",
        ),
        ({"AutoParameters": [{"Name": "n", "ValueHint": "1"}]}, "AutoParameters"),
    ],
)
def test_ranges_that_cannot_be_searched_are_refused(ranges: Config, message: str) -> None:
    with pytest.raises(SageMakerError, match=message):
        parameter_ranges(config(ranges))
