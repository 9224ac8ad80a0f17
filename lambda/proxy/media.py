"""Media types in the request's headers (RFC 9110, sections 8.3 and 12.5.1)."""

from dataclasses import dataclass

from proxy.errors import NotAcceptableError, UnsupportedMediaTypeError

CSV = "text/csv"
JSON = "application/json"
LINES = "application/jsonlines"  # as SageMaker calls it
PROBLEM = "application/problem+json"

READABLE = {JSON: JSON, CSV: CSV, LINES: LINES, "application/x-ndjson": LINES}
"""What the body's type may be called, and which of the formats that is."""
WRITABLE = (JSON, CSV)
"""What an answer may be, the usual one first."""
# API Gateway hands text on as UTF-8: another encoding would have been lost on the way already.
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True)
class MediaType:
    """A type/subtype and its parameters, in lower case but for the parameters' values."""

    name: str
    parameters: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> "MediaType":
        """Split one media type at its semicolons."""
        name, *parameters = text.split(";")
        pairs = (parameter.partition("=") for parameter in parameters)
        return cls(
            name.strip().lower(),
            {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs},
        )

    @property
    def quality(self) -> float:
        """How much it is wanted in an Accept header: 0 is not at all, 1 the default."""
        try:
            quality = float(self.parameters.get("q", "1"))
        except ValueError:
            return 1.0
        return quality if 0 <= quality <= 1 else 1.0


def readable_content_type(content_type: str | None) -> str:
    """Return CSV, JSON or LINES, the body's format; raises UnsupportedMediaTypeError for others."""
    media_type = MediaType.parse(content_type or "")
    if media_type.name not in READABLE:
        found = f"Content-Type {media_type.name} is" if content_type else "No Content-Type is"
        raise UnsupportedMediaTypeError(f"{found} not supported", READABLE)
    charset = media_type.parameters.get("charset", "utf-8").lower()
    if charset not in _CHARSETS:
        raise UnsupportedMediaTypeError(f"charset={charset} is not supported", ["utf-8"])
    if media_type.parameters.get("header", "present").lower() != "present":
        raise UnsupportedMediaTypeError(
            "CSV without a header line is not supported: columns are found by name",
            ["text/csv; header=present"],
        )
    return READABLE[media_type.name]


def preferred(accept: str | None) -> str:
    """Choose JSON or CSV by an Accept header; raises NotAcceptableError where it takes neither.

    Of the ranges that a type is in, the narrowest says how much it is wanted. Of two types that are
    wanted as much, the one whose range comes first is taken.
    """
    if accept is None or not accept.strip():
        return JSON
    wanted = [MediaType.parse(part) for part in accept.split(",")]
    best: tuple[float, int, str] | None = None
    for name in WRITABLE:
        ranges = (name, f"{name.partition('/')[0]}/*", "*/*")
        found = [
            (ranges.index(each.name), at, each.quality)
            for at, each in enumerate(wanted)
            if each.name in ranges
        ]
        if found:
            _, at, quality = min(found)
            if quality > 0 and (best is None or (quality, -at) > best[:2]):
                best = (quality, -at, name)
    if best is None:
        raise NotAcceptableError("Accept takes none of what the API answers", WRITABLE)
    return best[2]
