from __future__ import annotations

import pytest

from toolkit.hyperparameters import (
    Rule,
    choice,
    flag,
    number,
    own_settings,
    parse_hyperparameters,
    refuse,
    whole_number,
)
from toolkit.problems import UserError

RULES = {
    "trees": whole_number("how many", least=1, default=100),
    "rate": number("how fast", above=0, most=1),
    "share": choice(["sqrt", "log2"]) | number("of the columns", above=0, most=1),
    "positive": flag("no less than 0"),
}


def problem_of(header: bool = True, **given: str) -> str:
    with pytest.raises(UserError) as error:
        parse_hyperparameters(RULES, given, header=header)
    return str(error.value)


def test_strings_become_values_and_what_is_not_given_stays_out() -> None:
    given = {"target": "y", "rate": "0.5", "positive": "True", "share": "sqrt"}
    assert parse_hyperparameters(RULES, given) == {
        "target": "y",
        "probabilities": False,
        "trees": 100,
        "rate": 0.5,
        "share": "sqrt",
        "positive": True,
    }
    assert parse_hyperparameters(RULES, {"target": "y", "share": "0.5"})["share"] == 0.5


def test_an_estimator_gets_what_is_not_the_toolkits_own() -> None:
    given = {"target": "y", "task": "classification", "probabilities": "true", "rate": "1"}
    assert own_settings(parse_hyperparameters(RULES, given)) == {"trees": 100, "rate": 1.0}


def test_the_target_is_the_first_column_where_there_is_no_header() -> None:
    assert parse_hyperparameters({}, {}, header=False)["target"] == "1"
    assert parse_hyperparameters({}, {"target": "2"}, header=False)["target"] == "2"


def test_what_sagemaker_and_its_sdk_add_is_left_alone() -> None:
    given = {"target": "y", "_tuning_objective_metric": "x", "sagemaker_region": "eu-west-1"}
    assert "sagemaker_region" not in parse_hyperparameters({}, given)


def test_every_problem_is_told_at_once() -> None:
    assert problem_of(trees="many", rate="0", colour="red") == (
        "hyperparameter 'target': found nothing, allowed: the name of the column to predict; "
        "hyperparameter 'trees': found 'many', allowed: a whole number from 1 (how many); "
        "hyperparameter 'rate': found '0', allowed: a number above 0 and up to 1 (how fast); "
        "hyperparameter 'colour' is unknown, allowed: "
        "target, task, probabilities, trees, rate, share, positive"
    )
    assert problem_of(header=False, task="sorting") == (
        "hyperparameter 'task': found 'sorting', allowed: one of regression, classification "
        "(by default what the target's cells are: numbers or text)"
    )


def test_either_of_two_rules_may_allow_a_value() -> None:
    assert problem_of(target="y", share="cube") == (
        "hyperparameter 'share': found 'cube', "
        "allowed: one of sqrt, log2, or a number above 0 and up to 1 (of the columns)"
    )


@pytest.mark.parametrize(
    ("rule", "good", "bad", "allowed"),
    [
        (number(), ["-1", "1e3"], ["", "x", "nan", "inf", "1e999"], "a number"),
        (number(least=0), ["0"], ["-0.1"], "a number from 0"),
        (number(least=0, most=1), ["0", "1"], ["1.1"], "a number from 0 to 1"),
        (number(most=1), ["1", "-5"], ["1.1"], "a number up to 1"),
        (number(least=0, below=1), ["0"], ["1"], "a number from 0 and below 1"),
        (number(below=1), ["0.9"], ["1"], "a number below 1"),
        (number(above=0), ["0.1"], ["0"], "a number above 0"),
        (whole_number(), ["-1", "1e2", "2.0"], ["0.5", "x", "inf", "nan"], "a whole number"),
        (whole_number(least=1, most=3), ["1", "3"], ["0", "4"], "a whole number from 1 to 3"),
        (flag(), ["true", "False"], ["yes", ""], "true or false"),
        (choice(["a", "b"]), ["a"], ["A", "c", ""], "one of a, b"),
    ],
)
def test_a_rule_reads_what_it_says_is_allowed(
    rule: Rule, good: list[str], bad: list[str], allowed: str
) -> None:
    assert rule.allowed == allowed
    for each in good:
        rule.read(each)
    for each in bad:
        with pytest.raises(ValueError):  # noqa: PT011 - nobody is shown what it says
            rule.read(each)


def test_a_whole_number_is_an_int() -> None:
    value = whole_number().read("1e2")
    assert (value, type(value)) == (100, int)


def test_a_model_may_refuse_a_value_itself() -> None:
    with pytest.raises(UserError) as error:
        refuse("depth", 3, "1 with stumps")
    assert str(error.value) == "hyperparameter 'depth': found '3', allowed: 1 with stumps"
