"""Media types in the request's headers (RFC 9110, sections 8.3 and 12.5.1)."""

from dataclasses import dataclass

from proxy.errors import UnsupportedMediaTypeError

CSV = "text/csv"
JSON = "application/json"

_READABLE = (CSV, JSON)
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
            return float(self.parameters.get("q", "1"))
        except ValueError:
            return 1.0


def readable_content_type(content_type: str | None) -> str:
    """Return CSV or JSON for the body's format; raises UnsupportedMediaTypeError for any other."""
    media_type = MediaType.parse(content_type or "")
    if media_type.name not in _READABLE:
        found = f"Content-Type {media_type.name} is" if content_type else "No Content-Type is"
        raise UnsupportedMediaTypeError(f"{found} not supported", _READABLE)
    charset = media_type.parameters.get("charset", "utf-8").lower()
    if charset not in _CHARSETS:
        raise UnsupportedMediaTypeError(f"charset={charset} is not supported", ["utf-8"])
    if media_type.parameters.get("header", "present").lower() != "present":
        raise UnsupportedMediaTypeError(
            "CSV without a header line is not supported: columns are found by name",
            ["text/csv; header=present"],
        )
    return media_type.name


def preferred(accept: str | None) -> str | None:
    """Choose one type of an Accept header, or None where the container may choose.

    Containers read one type, not a list (the algorithms of SageMaker compare the whole header). Of
    several the best that is CSV or JSON is taken; a single other one is left to the container.
    """
    wanted = [MediaType.parse(part) for part in (accept or "").split(",") if part.strip()]
    wanted = [media_type for media_type in wanted if media_type.quality > 0]
    wanted.sort(key=lambda media_type: -media_type.quality)
    for media_type in wanted:
        if media_type.name == "*/*":
            return None
        for name in _READABLE:
            if media_type.name in (name, f"{name.partition('/')[0]}/*"):
                return name
    return wanted[0].name if wanted else None
