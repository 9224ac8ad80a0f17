"""Reads the words that `make` hands on: WORKLOAD, WORKLOADS, MODEL, SET, WAIT, MAX_RUNTIME, YES."""

import re
import shlex
from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter, ValidationError

from cli.problems import InputError
from environments.loading import Settings
from workloads.schema import Workload
from workloads.schema.hyperparameters import HyperParameterKey, HyperParameterValue
from workloads.schema.section import hint, shown

MAX_RUNTIME = 28 * 86_400
"""Seconds; the longest that SageMaker trains (StoppingCondition.MaxRuntimeInSeconds)."""

ALL = "all"
"""The word for every workload there is."""

_HYPERPARAMETERS = TypeAdapter(dict[HyperParameterKey, HyperParameterValue])


def workload_named(name: str, settings: Settings) -> Workload:
    """Find a workload. Raises InputError, with those there are."""
    workloads = {workload.name: workload for workload in settings.workloads}
    if name not in workloads:
        raise unknown("WORKLOAD", name, workloads)
    return workloads[name]


def workloads_named(
    text: str, settings: Settings, *, default: Sequence[str] = (ALL,)
) -> tuple[Workload, ...]:
    """Read `iris-mars, iris-tuned`, separated by blanks or commas, or `all`; each comes once.

    With an empty text it is what there is of the default, else all. Raises InputError, with those
    there are, if one of the names is none.
    """
    known = {workload.name: workload for workload in settings.workloads}
    names = re.findall(r"[^\s,]+", text)
    for name in names:
        if name not in (ALL, *known):
            raise unknown("WORKLOADS", name, (ALL, *known))
    chosen = set(names) or {name for name in default if name in known} or {ALL}
    return tuple(known[name] for name in known if chosen & {name, ALL})


def model_named(name: str, models: Iterable[str]) -> str:
    """Find a model, which need not be named where there is only one. Raises InputError."""
    known = list(models)
    if not name and len(known) == 1:
        return known[0]
    if name not in known:
        raise unknown("MODEL", name, known)
    return name


def hyperparameters(text: str) -> dict[str, str]:
    """Read `degree=1 penalty=3`, with the quotes of a shell. Raises InputError."""
    allowed = 'allowed: SET="key=value key=value"'
    try:
        words = shlex.split(text)
    except ValueError as error:  # a quote that is not closed
        raise InputError(f"SET: found {shown(text)}, with {error}; {allowed}") from error
    read: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise InputError(f"SET: found {shown(key)} without a value; {allowed}")
        if key in read:
            raise InputError(f"SET: found {shown(key)} twice; allowed: each once")
        read[key] = value
    try:
        return _HYPERPARAMETERS.validate_python(read)
    except ValidationError as error:
        raise InputError("; ".join(f"SET: {each['msg']}" for each in error.errors())) from error


def waits(text: str) -> bool:
    """Read WAIT, which is yes when it is left out. Raises InputError."""
    return yes_or_no("WAIT", text, default=True)


def yes_or_no(word: str, text: str, *, default: bool) -> bool:
    """Read a word that is yes, no or left out. Raises InputError."""
    if text not in ("", "yes", "no"):
        raise InputError(f"{word}: found {shown(text)}; allowed: yes, no")
    return text == "yes" if text else default


def max_runtime(text: str) -> int | None:
    """Read MAX_RUNTIME in seconds, None when it is left out. Raises InputError."""
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= MAX_RUNTIME:
        allowed = f"an integer from 1 to {MAX_RUNTIME} (seconds, 28 days)"
        raise InputError(f"MAX_RUNTIME: found {shown(text)}; allowed: {allowed}")
    return int(text)


def agrees(text: str) -> bool:
    """Read YES, with which nobody is asked before a deletion. Raises InputError."""
    if text not in ("", "1", "yes"):
        raise InputError(f"YES: found {shown(text)}; allowed: 1")
    return bool(text)


def unknown(word: str, name: str, known: Iterable[str]) -> InputError:
    """Say that a name is not one of those there are, or missing."""
    allowed = ", ".join(known) or "there is none"
    if not name:
        return InputError(f"{word}: missing; allowed: {allowed}")
    return InputError(f"{word}: found {shown(name)}; allowed: {allowed}{hint(name, known)}")
