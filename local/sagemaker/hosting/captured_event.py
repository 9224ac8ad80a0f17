"""One captured invocation, and the line of JSON that it becomes."""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from local.sagemaker.records import Record

if TYPE_CHECKING:  # which needs what checks a configuration that captures
    from local.sagemaker.model_server import Answer


@dataclass(frozen=True)
class CapturedEvent:
    """An invocation as it came and was answered."""

    time: datetime
    content_type: str | None
    body: bytes
    answered_type: str
    answer: bytes
    inference_id: str | None = None
    custom_attributes: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], body: bytes, answer: "Answer") -> Self:
        """Note an invocation that was answered just now; `headers` are in lower case."""
        return cls(
            time=datetime.now(UTC),
            content_type=headers.get("content-type"),
            body=body,
            answered_type=answer.content_type,
            answer=answer.body,
            inference_id=headers.get("x-amzn-sagemaker-inference-id"),
            custom_attributes=headers.get("x-amzn-sagemaker-custom-attributes"),
        )

    @property
    def size(self) -> int:
        """The bytes of its bodies."""
        return len(self.body) + len(self.answer)

    def line(self, config: Record) -> str:
        """Write it as one line of JSON, without its end, by a DataCaptureConfig."""
        modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
        data = {}
        if modes & {"Input", "InputAndOutput"}:
            data["endpointInput"] = _captured("INPUT", self.content_type, self.body, config)
        if modes & {"Output", "InputAndOutput"}:
            data["endpointOutput"] = _captured("OUTPUT", self.answered_type, self.answer, config)
        metadata: Record = {"eventId": str(uuid.uuid4())}
        if self.custom_attributes is not None:
            metadata["customAttributes"] = [self.custom_attributes]
        if self.inference_id is not None:
            metadata["inferenceId"] = self.inference_id
        metadata["inferenceTime"] = f"{self.time:%Y-%m-%dT%H:%M:%SZ}"
        event = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
        return json.dumps(event, separators=(",", ":"))


def _captured(mode: str, content_type: str | None, body: bytes, config: Record) -> Record:
    encoding, data = _encoded(body, content_type, config.get("CaptureContentTypeHeader", {}))
    observed = {} if content_type is None else {"observedContentType": content_type}
    return {**observed, "mode": mode, "data": data, "encoding": encoding}


def _encoded(body: bytes, content_type: str | None, given: Record) -> tuple[str, str]:
    """Return the encoding and the text: base64 for every type that is not among those given.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CaptureContentTypeHeader.html
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    for encoding, member in (("CSV", "CsvContentTypes"), ("JSON", "JsonContentTypes")):
        if media_type in (known.lower() for known in given.get(member, [])):
            try:
                return encoding, body.decode()
            except UnicodeDecodeError:
                break  # no text, whatever it is called
    return "BASE64", base64.b64encode(body).decode()
