"""A captured invocation as a line that Model Monitor reads."""

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.captures import TYPES, config, event


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/csv", "CSV"),
        ("Text/CSV; charset=utf-8", "CSV"),
        ("application/json", "JSON"),
        ("application/x-npy", "BASE64"),
        (None, "BASE64"),
    ],
)
@given(body=st.one_of(st.binary(), st.text().map(str.encode)))
def test_a_line_is_one_line_from_which_the_bodies_are_read_back(
    content_type: str | None, encoding: str, body: bytes
) -> None:
    captured = event(content_type=content_type, body=body, answer=body)
    line = captured.line(config(CaptureContentTypeHeader=TYPES))
    assert len(line.splitlines()) == 1
    data = json.loads(line)["captureData"]["endpointInput"]
    if data["encoding"] == "BASE64":
        assert base64.b64decode(data["data"], validate=True) == body
        assert encoding == "BASE64" or not _is_text(body)
    else:
        assert (data["encoding"], data["data"].encode()) == (encoding, body)
    assert data.get("observedContentType") == content_type


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_line_is_what_model_monitor_reads() -> None:
    captured = event(answered_type="text/csv; charset=utf-8", inference_id="7")
    line = json.loads(captured.line(config(CaptureContentTypeHeader=TYPES)))
    event_id = line["eventMetadata"].pop("eventId")
    assert re.fullmatch(r"[0-9a-f-]{36}", event_id)
    assert line == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1,2",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "OUTPUT",
                "data": "3",
                "encoding": "CSV",
            },
        },
        "eventMetadata": {"inferenceId": "7", "inferenceTime": "2026-11-30T12:00:59Z"},
        "eventVersion": "0",
    }


@pytest.mark.parametrize(
    ("modes", "captured"),
    [
        (["Input"], ["endpointInput"]),
        (["Output"], ["endpointOutput"]),
        (["InputAndOutput"], ["endpointInput", "endpointOutput"]),
    ],
)
def test_only_what_was_asked_for_is_captured(modes: list[str], captured: list[str]) -> None:
    options = [{"CaptureMode": mode} for mode in modes]
    line = json.loads(event().line(config(CaptureOptions=options)))
    assert list(line["captureData"]) == captured
