"""docs/api.md has every route, every error and every key of a feature."""

import re
from pathlib import Path

from proxy import routes
from proxy.assignment import STICKY_HEADER
from proxy.errors import CODES
from proxy.media import READABLE
from workloads.schema import Feature

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


def test_every_route_is_there_and_no_other() -> None:
    table = re.findall(r"^\| `(GET|POST) (/[^`]*)` \|", TEXT, re.MULTILINE)
    assert sorted((path, method) for method, path in table) == sorted(routes.METHODS.items())


def test_every_error_is_there_with_its_status() -> None:
    lines = re.findall(r"^\| (\d{3}) \| ((?:`\w+`(?:, )?)+) \|", TEXT, re.MULTILINE)
    told = {(int(status), code) for status, codes in lines for code in re.findall(r"\w+", codes)}
    # a request that no route takes never reaches the function
    assert told == {
        (status, code) for status, codes in CODES.items() for code in codes if status != 405
    }


def test_every_format_and_key_is_there() -> None:
    for word in (*READABLE, STICKY_HEADER, *Feature.model_fields):
        assert f"`{word}`" in TEXT or f"{word}:" in TEXT or f"{word} =" in TEXT, word
