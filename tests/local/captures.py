"""Configurations of data capture, and what is captured."""

from datetime import UTC, datetime
from typing import Any

from local.sagemaker.hosting.captured_event import CapturedEvent

BOTH = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]
TYPES = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}
NOON = datetime(2026, 11, 30, 12, 0, 59, 7_999, tzinfo=UTC)


def config(**change: Any) -> dict[str, Any]:
    return {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://iris/captured/",
        "CaptureOptions": BOTH,
        **change,
    }


def event(**change: Any) -> CapturedEvent:
    fields: dict[str, Any] = {
        "time": NOON,
        "content_type": "text/csv",
        "body": b"1,2",
        "answered_type": "text/csv",
        "answer": b"3",
        **change,
    }
    return CapturedEvent(**fields)
