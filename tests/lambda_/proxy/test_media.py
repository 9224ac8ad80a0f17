import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import NotAcceptableError, UnsupportedMediaTypeError
from proxy.media import preferred, readable_content_type


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("text/csv", "text/csv"),
        ("Text/CSV; Charset=UTF-8; header=present", "text/csv"),
        ('application/json;charset="utf-8"', "application/json"),
        (" application/json ; profile=x", "application/json"),
        ("application/jsonlines", "application/jsonlines"),
        ("application/x-ndjson; charset=utf-8", "application/jsonlines"),
    ],
)
def test_csv_and_json_are_read_whatever_their_spelling(content_type: str, name: str) -> None:
    assert readable_content_type(content_type) == name


@pytest.mark.parametrize(
    ("content_type", "told"),
    [
        (None, "No Content-Type is not supported"),
        ("text/plain", "Content-Type text/plain is not supported"),
        ("text/csv; charset=latin-1", "charset=latin-1 is not supported"),
        ("text/csv; header=absent", "CSV without a header line is not supported"),
    ],
)
def test_anything_else_is_refused(content_type: str | None, told: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match=told) as caught:
        readable_content_type(content_type)
    assert caught.value.allowed


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("text/*", "text/csv"),
        ("application/*;q=0.5, */*;q=0.1", "application/json"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/csv, application/json", "text/csv"),
        ("application/json, text/csv", "application/json"),
        ("text/csv, */*", "text/csv"),
        ("*/*, text/csv;q=0.5", "application/json"),
        ("text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv;q=0, application/json;q=0.1", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/csv;q=high", "text/csv"),
    ],
)
def test_an_accept_header_chooses_json_or_csv(accept: str | None, chosen: str) -> None:
    assert preferred(accept) == chosen


@pytest.mark.parametrize(
    "accept", ["text/csv;q=0", "application/x-recordio-protobuf", "text/html, image/*", ";"]
)
def test_who_takes_neither_is_told_so(accept: str) -> None:
    with pytest.raises(NotAcceptableError) as caught:
        preferred(accept)
    assert caught.value.allowed == ["application/json", "text/csv"]


@given(st.text())
def test_any_accept_header_is_understood_or_refused(accept: str) -> None:
    with contextlib.suppress(NotAcceptableError):
        assert preferred(accept) in ("application/json", "text/csv")
