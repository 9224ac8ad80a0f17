"""What a job may set: HYPERPARAMETERS of a model.py maps each name to one of the rules below.

SageMaker hands over every hyperparameter as a string.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, NoReturn

from toolkit.problems import UserError, quoted, report

Settings = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """How a hyperparameter is read; `read` raises a ValueError for what is not allowed.

    Without a value given `default` holds; without a default it stays out of the settings, so that
    the estimator's own holds. Two rules joined by | allow what either does.
    """

    read: Callable[[str], Any]
    allowed: str
    default: Any = None

    def __or__(self, other: Rule) -> Rule:
        def read(text: str) -> Any:
            try:
                return self.read(text)
            except ValueError:
                return other.read(text)

        return Rule(read, f"{self.allowed}, or {other.allowed}", self.default)


def number(
    about: str = "",
    *,
    least: float = -inf,
    most: float = inf,
    above: float = -inf,
    below: float = inf,
    default: float | None = None,
) -> Rule:
    """Allow finite numbers. `about` says what it does, in a few words."""

    def read(text: str) -> float:
        value = float(text)
        # infinity is not below infinity
        if not (least <= value <= most and above < value < below):
            raise ValueError
        return value

    return Rule(read, _with(about, "a number" + _range(least, most, above, below)), default)


def whole_number(
    about: str = "", *, least: float = -inf, most: float = inf, default: int | None = None
) -> Rule:
    """Allow whole numbers."""

    def read(text: str) -> int:
        value = float(text)
        if not (value.is_integer() and least <= value <= most):
            raise ValueError
        return int(value)

    return Rule(read, _with(about, "a whole number" + _range(least, most)), default)


def flag(about: str = "", *, default: bool | None = None) -> Rule:
    """Allow true and false."""

    def read(text: str) -> bool:
        values = {"true": True, "false": False}
        if text.lower() not in values:
            raise ValueError
        return values[text.lower()]

    return Rule(read, _with(about, "true or false"), default)


def choice(options: Sequence[str], about: str = "", *, default: str | None = None) -> Rule:
    """Allow one of some words."""

    def read(text: str) -> str:
        if text not in options:
            raise ValueError
        return text

    return Rule(read, _with(about, f"one of {', '.join(options)}"), default)


def _with(about: str, allowed: str) -> str:
    return f"{allowed} ({about})" if about else allowed


def _range(least: float, most: float, above: float = -inf, below: float = inf) -> str:
    lower = f" from {least:.15g}" if isfinite(least) else ""
    lower += f" above {above:.15g}" if isfinite(above) else ""
    upper = f" to {most:.15g}" if isfinite(most) else ""
    upper += f" below {below:.15g}" if isfinite(below) else ""
    if upper.startswith(" to") and not isfinite(least):
        upper = f" up{upper}"
    return lower + (" and" if lower and upper and not upper.startswith(" to") else "") + upper


# The toolkit's own, which every container takes.
_TARGET = "the name of the column to predict"
_TASKS = ("regression", "classification")
_OWN_RULES = {
    "task": choice(_TASKS, "by default what the target's cells are: numbers or text"),
    "probabilities": flag("whether a JSON answer has the probability of each class", default=False),
}


def own_settings(settings: Settings) -> Settings:
    """Return those that the toolkit does not keep to itself."""
    return {k: value for k, value in settings.items() if k not in {"target", *_OWN_RULES}}


def parse_hyperparameters(
    rules: Mapping[str, Rule], given: Mapping[str, str], *, header: bool = True
) -> Settings:
    """Read strings by their rules, in the rules' order.

    Where the data have no header line, the target is the first column by default, as the built-in
    XGBoost wants it.
    """
    # SageMaker and its SDK add names of their own (_tuning_objective_metric, sagemaker_region).
    given = {name: v for name, v in given.items() if not name.startswith(("_", "sagemaker_"))}
    target = Rule(_any_text, _TARGET, None if header else "1")
    rules = {"target": target, **_OWN_RULES, **rules}
    values, problems = {}, []
    for name, rule in rules.items():
        if name in given:
            try:
                values[name] = rule.read(given[name])
            except ValueError:
                problems.append(_problem(name, given[name], rule.allowed))
        elif rule.default is not None:
            values[name] = rule.default
        elif rule is target:
            problems.insert(0, _problem(name, None, rule.allowed))
    report(
        problems
        + [
            f"hyperparameter '{name}' is unknown, allowed: {', '.join(rules)}"
            for name in given
            if name not in rules
        ]
    )
    return values


def _any_text(text: str) -> str:
    if not text:
        raise ValueError
    return text


def _problem(name: str, found: str | None, allowed: str) -> str:
    return f"hyperparameter '{name}': found {quoted(found)}, allowed: {allowed}"


def refuse(name: str, found: object, allowed: str) -> NoReturn:
    """Fail a job for a hyperparameter whose rule alone cannot tell that it is not allowed."""
    raise UserError(_problem(name, spelled(found), allowed))


def spelled(value: object) -> str:
    """Spell a value as a job gives it."""
    return value if isinstance(value, str) else json.dumps(value)


def as_strings(config: Mapping[str, Any]) -> dict[str, str]:
    """Spell the values of hyperparameters.json, which SageMaker writes as strings."""
    return {name: spelled(value) for name, value in config.items()}
