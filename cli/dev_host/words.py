"""Reads the words of the dev host's commands: PORT, OPEN, ROTATE."""

from cli.problems import InputError
from workloads.schema.section import shown

RSTUDIO_PORT = 8787


def local_port(text: str) -> int:
    """Read PORT, which is RStudio's own when it is left out. Raises InputError."""
    if not text:
        return RSTUDIO_PORT
    # below 1024 only root may listen
    if not (text.isascii() and text.isdecimal()) or not 1024 <= int(text) <= 65_535:
        raise InputError(f"PORT: found {shown(text)}; allowed: an integer from 1024 to 65535")
    return int(text)


def opens(text: str) -> bool:
    """Read OPEN, which is yes when it is left out. Raises InputError."""
    return _yes_or_no("OPEN", text, default=True)


def rotates(text: str) -> bool:
    """Read ROTATE, which is no when it is left out. Raises InputError."""
    return _yes_or_no("ROTATE", text, default=False)


def _yes_or_no(word: str, text: str, *, default: bool) -> bool:
    if text not in ("", "yes", "no"):
        raise InputError(f"{word}: found {shown(text)}; allowed: yes, no")
    return text == "yes" if text else default
