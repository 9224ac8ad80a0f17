"""What every table of a settings file shares: strict types, and problems in the user's words.

Each problem is one sentence that says what was found and what is allowed. pydantic's own messages
speak of Python types, so `Section` and `Allowed` replace them where they arise; a problem that is
built here passes through every outer table unchanged, and gains that table's key on its way.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    Strict,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import no_info_wrap_validator_function

T = TypeVar("T")
Several = Annotated[tuple[T, ...], Strict(False)]
"""A TOML array. Strict pydantic would refuse to make a tuple of the list that tomllib returns."""


@dataclass(frozen=True)
class Project:
    """Where a settings file stands; what pydantic calls the validation context."""

    root: Path
    """The project's folder: local data must be inside it, images are in its container/."""
    file: Path
    """The settings file; paths in it are relative to its folder."""

    @classmethod
    def of(cls, info: ValidationInfo) -> "Project":
        """Find the project in whose name pydantic validates."""
        if not isinstance(info.context, cls):
            raise TypeError("validate with context=Project(root, file), or use workloads.loading")
        return info.context


def problem(message: str, *key: str | int) -> InitErrorDetails:
    """One problem, at a key relative to the table or value that is being validated."""
    text = PydanticCustomError("problem", "{message}", {"message": message})
    return InitErrorDetails(type=text, loc=key, input=None)


def not_allowed(
    found: object, allowed: str, *key: str | int, choices: Iterable[object] = ()
) -> InitErrorDetails:
    """Build the usual problem: a value that is not what is allowed there."""
    return problem(f"found {shown(found)}; allowed: {allowed}{hint(found, choices)}", *key)


def raise_any(problems: Iterable[InitErrorDetails]) -> None:
    """Report the problems, if there are any; pydantic adds them to those of the other tables.

    Raises a ValidationError of all of them, and nothing when there is none.
    """
    if found := list(problems):
        raise ValidationError.from_exception_data("settings", found)


def repeated(values: Sequence[str], *key: str) -> Iterator[InitErrorDetails]:
    """Yield a problem for each value that an earlier one equals, at [its index] and the key."""
    for at, value in enumerate(values):
        if value in values[:at]:
            yield problem(f"found {shown(value)} twice; allowed: each once", at, *key)


def shown(value: object) -> str:
    """Write a value as the TOML file has it, short enough for one line."""
    match value:
        case str():
            cut = value if len(value) <= 80 else value[:79] + "…"
            return json.dumps(cut, ensure_ascii=False)
        case bool():
            return "true" if value else "false"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "a table"
        case _:
            return str(value)


def hint(found: object, choices: Iterable[object]) -> str:
    """Suggest what was probably meant, as the end of a sentence; empty when nothing is close."""
    if not isinstance(found, str):
        return ""
    close = difflib.get_close_matches(found, [str(choice) for choice in choices], n=9)
    # "m5.large" is as close to ml.r5.large as to ml.m5.large, but only the latter contains it.
    best = min(close, key=lambda choice: found not in choice, default=None)
    return f"; did you mean {shown(best)}?" if best else ""


@dataclass(frozen=True)
class Allowed:
    """Says what a value may be; whatever is wrong with the value itself is reported that way.

    The last annotation of a type, so that it sees the problems of those before it. With `choices`
    the value must be one of them, and the closest one is suggested; they are a function because
    some are read from botocore, which takes a tenth of a second.
    """

    text: str
    choices: Callable[[], Iterable[object]] | None = None

    @classmethod
    def one_of(cls, choices: Iterable[object]) -> Self:
        """Allow a few values, all of which a problem can list."""
        known = tuple(choices)
        return cls(", ".join(map(shown, known)), choices=lambda: known)

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap the type's own validation."""
        return no_info_wrap_validator_function(self._validate, handler(source))

    def _validate(self, value: object, handler: ValidatorFunctionWrapHandler) -> object:
        choices = tuple(self.choices()) if self.choices else ()
        try:
            valid = handler(value)
        except ValidationError as error:
            wrong = not_allowed(value, self.text, choices=choices)
            raise reworded(error, lambda _: wrong) from None
        if self.choices and valid not in choices:
            raise_any([not_allowed(value, self.text, choices=choices)])
        return valid


class Section(BaseModel):
    """A table of a settings file: frozen, strict (`"1"` is not 1), and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    @model_validator(mode="wrap")
    @classmethod
    def _say_what_is_wrong(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(value)
        except ValidationError as error:
            raise reworded(error, cls._explain) from None

    @classmethod
    def _explain(cls, detail: ErrorDetails) -> InitErrorDetails:
        keys = ", ".join(cls.model_fields)
        match detail["type"], detail["loc"]:
            case "extra_forbidden", (str(key),):
                unknown = f"unknown key; allowed: {keys}{hint(key, cls.model_fields)}"
                return problem(unknown, key)
            case "missing", (str(key),):
                texts = [a.text for a in cls.model_fields[key].metadata if isinstance(a, Allowed)]
                return problem(f"missing; allowed: {''.join(texts) or 'a table'}", key)
            case _, ():
                return not_allowed(detail["input"], f"a table of {keys}")
            case _, key:
                return problem(detail["msg"], *key)


def reworded(
    error: ValidationError, explain: Callable[[ErrorDetails], InitErrorDetails]
) -> ValidationError:
    """Keep the problems that are in our words, and explain those that are in pydantic's."""
    details = error.errors(include_url=False)
    problems = [
        problem(detail["msg"], *detail["loc"]) if detail["type"] == "problem" else explain(detail)
        for detail in details
        # pydantic does not count the items that failed, so a list of wrong items is also too short.
        if detail["type"] != "too_short" or len(details) == 1
    ]
    return ValidationError.from_exception_data("settings", problems)
