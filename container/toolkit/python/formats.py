"""Media types: what a request's headers ask for, how it is read and how its answer is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

CSV = "text/csv"
CSV_PRESENT = "text/csv; header=present"
CSV_ABSENT = "text/csv; header=absent"
JSON = "application/json"

READABLE = (CSV, CSV_ABSENT, JSON)
"""What a request's body may be, as an error lists it."""
WRITABLE = (JSON, CSV)
"""What an answer may be."""

_QUALITY = re.compile(r";\s*q=([0-9.]+)")


def request_format(content_type: str) -> str:
    """Return the format that a Content-Type header names, in a spelling of ours.

    It is the media type and, of its parameters, only CSV's `header` (RFC 4180, section 3).
    """
    kind = media_type(content_type)
    if kind != CSV or kind == content_type:
        return kind
    parameters = (part.strip(' \t"') for part in content_type.lower().split(";")[1:])
    spelled = (re.sub(r'[ \t"]', "", parameter) for parameter in parameters)
    return "; ".join([kind, *(part for part in spelled if part.startswith("header="))])


def has_header(content_type: str) -> bool:
    """Tell whether a channel of that ContentType has header lines."""
    return request_format(content_type) != CSV_ABSENT


def media_type(header: str) -> str:
    """Return a media type without its parameters: "Text/CSV; charset=utf-8" is "text/csv"."""
    return header.partition(";")[0].strip(" \t").lower()


def usual_type(form: str) -> str:
    """Return the type of an answer to a request that accepts any.

    Lines to lines, which a batch transform splits, sends and joins, else JSON.
    """
    return CSV if form == CSV_ABSENT else JSON


def choose_type(accept: str | None, usual: str) -> str | None:
    """Return the media type that an Accept header (RFC 9110, section 12.5.1) likes best."""
    if not accept or accept == "*/*":
        return usual
    if accept in WRITABLE:
        return accept
    possible = dict.fromkeys([usual, *WRITABLE])
    weighted = [(_quality(item), media_type(item)) for item in accept.split(",")]
    for quality, pattern in sorted(weighted, key=lambda item: -item[0]):
        for kind in possible:
            if quality > 0 and fnmatchcase(kind, pattern):
                return kind
    return None


def _quality(item: str) -> float:
    match = _QUALITY.search(item)
    try:
        return float(match[1]) if match else 1.0
    except ValueError:
        return 0.0


def as_decimal(value: float) -> str:
    """Spell a number with 15 significant digits: what a double holds in decimal for certain."""
    return f"{value:.15g}"


def decimals(values: Iterable[float]) -> list[str]:
    """Spell many numbers with 15 significant digits."""
    return ["%.15g" % value for value in values]  # noqa: UP031 - twice as fast


def as_json(content: Mapping[str, Any] | Sequence[Any]) -> str:
    """Spell a document of the toolkit's own, with two spaces for each level."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
