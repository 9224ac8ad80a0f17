"""Answers are for the pages of the origins that are named, and for no other page."""

from typing import Any

import pytest

from proxy.cors import cors_headers

OURS = "https://app.example.org"
ALLOWED = "Access-Control-Allow-Origin"


def event(*origins: str) -> dict[str, Any]:
    return {"multiValueHeaders": {"origin": list(origins)} if origins else None}


def test_a_page_that_is_named_reads_the_answer() -> None:
    headers = cors_headers(event(OURS), {OURS, "http://localhost:3000"})
    assert headers[ALLOWED] == OURS
    assert headers["Vary"] == "Origin"
    assert "X-Invoked-Production-Variant" in headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "origins",
    [(), ("https://evil.example",), ("null",), (f"{OURS}.evil.example",), (OURS, OURS)],
)
def test_no_other_page_does(origins: tuple[str, ...]) -> None:
    assert cors_headers(event(*origins), {OURS}) == {"Vary": "Origin"}


def test_every_page_does_where_all_are_named() -> None:
    assert cors_headers(event("https://evil.example"), {"*"})[ALLOWED] == "*"


def test_nothing_is_said_where_no_page_may_call() -> None:
    assert cors_headers(event(OURS), ()) == {}
