"""What a hyperparameter of a built-in algorithm may be; each is a string, as on the wire."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from pydantic_core import InitErrorDetails

from workloads.schema.section import hint, problem, shown


@dataclass(frozen=True)
class Rule:
    """What is allowed in words, and what is accepted."""

    text: str
    accepts: Callable[[str], bool]
    kind: str = "categorical"
    """The type of a tuning's range."""


def integer(low: float = -math.inf, high: float = math.inf) -> Rule:
    """Accept whole numbers between the two, both of them included."""

    def accepts(value: str) -> bool:
        return re.fullmatch(r"[+-]?[0-9]{1,18}", value) is not None and low <= int(value) <= high

    between = f"from {low} to {high}" if math.isfinite(high) else f"of at least {low}"
    return Rule(f"an integer {between}", accepts, "integer")


def number(text: str, fits: Callable[[float], bool]) -> Rule:
    """Accept finite numbers that fit, as the text says."""

    def accepts(value: str) -> bool:
        try:
            number = float(value)
        except ValueError:
            return False
        return math.isfinite(number) and fits(number)

    return Rule(f"a number {text}", accepts, "continuous")


def one_of(*values: str) -> Rule:
    """Accept one of a few words."""
    return Rule(", ".join(map(shown, values)), values.__contains__)


def each(text: str, accepts: Callable[[str], bool]) -> Rule:
    """Accept several values with commas between them, without blanks."""
    return Rule(f"a list with commas of {text}", lambda value: all(map(accepts, value.split(","))))


FINITE = number("that is finite", lambda _: True)


def misfit(value: str, rule: Rule, *key: str | int) -> InitErrorDetails:
    """Build the problem of a value that the rule does not accept."""
    # A number is a string by now, but was most likely written as a number.
    found = value if FINITE.accepts(value) else shown(value)
    choices = [text.strip('"') for text in rule.text.split(", ")]
    return problem(f"found {found}; allowed: {rule.text}{hint(value, choices)}", *key)
