"""Errors that a user can mend, apart from our own: every problem at once, in the user's words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import islice

# So many of what would be allowed are named, the others are counted.
SHOWN_LEVELS = 20

# An answer that lists a thousand bad rows helps nobody, and FailureReason holds 1024 characters.
SHOWN_PROBLEMS = 10


class UserError(Exception):
    """One message with every problem found."""


def report(problems: Sequence[str], advice: str | None = None) -> None:
    """Raise one UserError with all problems, and what to do; do nothing when there are none."""
    if not problems:
        return
    shown = list(islice(problems, SHOWN_PROBLEMS))
    if hidden := len(problems) - len(shown):
        shown.append(f"and {hidden} problems more")
    if advice:
        shown.append(advice)
    raise UserError("; ".join(shown))


@contextlib.contextmanager
def problems_in(what: str) -> Iterator[None]:
    """Say at the front of a UserError what it is about."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{what}: {error}") from error


def listed(texts: Sequence[str], most: int) -> str:
    """Name the first few texts, and how many there are more."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def shorten(text: str, most: int) -> str:
    """Cut a text to a number of characters, where it is longer."""
    return text if len(text) <= most else text[: most - 3] + "..."


def quoted(value: str | None) -> str:
    """Show a value in a problem: 'text', cut where it is long, or nothing."""
    return f"'{shorten(value, 60)}'" if value else "nothing"
