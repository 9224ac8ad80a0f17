"""DataCaptureConfig: a share of an endpoint's invocations is written to S3.

The format and the keys are those that Model Monitor reads, see "Capture data from real-time
endpoint" and "Preprocessing and Postprocessing" in the Developer Guide:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import logging
import random
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ministack.core.concurrency import spawn_background

from local.sagemaker import s3_data
from local.sagemaker.errors import invalid, not_supported
from local.sagemaker.hosting.captured_event import CapturedEvent
from local.sagemaker.hosting.role_clients import ROLE_ERRORS, RoleClients
from local.sagemaker.records import Record

if TYPE_CHECKING:  # whose configurations are checked here
    from local.sagemaker.hosting.variants import Variant
    from local.sagemaker.model_server import Answer

FILE_SECONDS = 5.0
"""From a file's first invocation to its end; 60 s on AWS, where nobody waits for a demonstration.

AWS does not document it. Listings of real captures show files that are named by their first
invocation and stored a minute after it.
"""
FILE_BYTES = 4 * 1024 * 1024
"""Of bodies in one file, at which it ends before its time."""
MAX_PENDING_BYTES = 64 * 1024 * 1024
"""Of bodies that are not stored yet. What comes then is not captured, as on AWS with a full disk:
"Data Capture stops capturing requests at high levels of disk usage"."""
_TICK = 0.5

logger = logging.getLogger(__name__)


def validate(request: Record) -> None:
    """Raise SageMakerError for a CreateEndpointConfig whose data cannot be captured."""
    config = request.get("DataCaptureConfig")
    if not config:
        return
    # https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html, exclusions
    if any(variant.get("ServerlessConfig") for variant in request["ProductionVariants"]):
        raise invalid("DataCaptureConfig is not supported with a variant's ServerlessConfig")
    if request.get("AsyncInferenceConfig"):
        raise not_supported("DataCaptureConfig together with AsyncInferenceConfig")
    s3_data.split(config["DestinationS3Uri"])


def described(config: Record) -> Record:
    """Return DescribeEndpoint's DataCaptureConfig of an endpoint configuration that has one."""
    capture = config.get("DataCaptureConfig")
    if not capture:
        return {}
    enabled = _is_enabled(capture)
    summary = {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),  # which the shape requires
    }
    return {"DataCaptureConfig": summary}


@dataclass
class _File:
    """An object to be: invocations of one variant in one hour."""

    config: Record
    role_arn: str
    variant: str
    events: list[CapturedEvent] = field(default_factory=list)
    size: int = 0
    """The bytes of their bodies."""

    def key(self, endpoint: str) -> str:
        """Return what follows DestinationS3Uri; named by the first invocation, in UTC."""
        began = self.events[0].time
        name = f"{began:%M-%S}-{began.microsecond // 1000:03}-{uuid.uuid4()}.jsonl"
        return f"{endpoint}/{self.variant}/{began:%Y/%m/%d/%H}/{name}"


class DataCapture:
    """Writes the captured invocations of an endpoint, on a thread that the first of them starts.

    When the server ends they go with it, as does the S3 that they would be in.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients = RoleClients(endpoint)
        self._files: dict[tuple[str, str, str], _File] = {}
        self._pending_bytes = 0
        self._full = False
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._writer: threading.Thread | None = None

    def record(
        self, variant: "Variant", headers: Mapping[str, str], body: bytes, answer: "Answer"
    ) -> None:
        """Keep an invocation that was answered, if it is one of the sample; nothing is sent here.

        `headers` are those of the request, in lower case.
        """
        config = variant.config.get("DataCaptureConfig")
        if not config or not _is_sampled(config):
            return
        event = CapturedEvent.of(headers, body, answer)
        with self._lock:
            if self._closed.is_set() or self._has_no_room_for(event):
                return
            hour = f"{event.time:%Y%m%d%H}"
            key = variant.config["EndpointConfigName"], variant.name, hour
            file = self._files.get(key)
            if file is None:
                file = self._files[key] = _File(config, variant.host.role_arn, variant.name)
            file.events.append(event)
            file.size += event.size
            self._pending_bytes += event.size
            if self._writer is None:
                self._writer = spawn_background(
                    self._write, thread_name=f"data capture {self._endpoint}"
                )

    def flush(self) -> None:
        """Store all that is pending."""
        self._store(everything=True)

    def close(self) -> None:
        """Store all that is pending, and capture no more."""
        self._closed.set()
        if self._writer is not None:
            self._writer.join()
        self.flush()

    def _has_no_room_for(self, event: CapturedEvent) -> bool:
        full = self._pending_bytes + event.size > MAX_PENDING_BYTES
        if full and not self._full:
            logger.warning(
                "endpoint %s: more invocations than can be stored, some are not captured",
                self._endpoint,
            )
        self._full = full
        return full

    def _write(self) -> None:
        while not self._closed.wait(_TICK):
            self._store(everything=False)

    def _store(self, *, everything: bool) -> None:
        with self._lock:
            due = [key for key, file in self._files.items() if everything or _is_due(file)]
            files = [self._files.pop(key) for key in due]
        for file in files:
            try:
                self._put(file)
            except Exception as error:  # an invocation has been answered, whatever comes of this
                lost = f"endpoint {self._endpoint}: {len(file.events)} invocations not captured"
                logger.warning("%s: %s", lost, error, exc_info=not isinstance(error, ROLE_ERRORS))
            finally:
                with self._lock:
                    self._pending_bytes -= file.size

    def _put(self, file: _File) -> None:
        bucket, prefix = s3_data.split(file.config["DestinationS3Uri"])
        key = "/".join(filter(None, (prefix.rstrip("/"), file.key(self._endpoint))))
        lines = [event.line(file.config) for event in file.events]
        self._clients.client(file.role_arn, "s3").put_object(
            Bucket=bucket,
            Key=key,
            Body="".join(f"{line}\n" for line in lines).encode(),
            **s3_data.encryption(file.config.get("KmsKeyId")),
        )


def _is_enabled(config: Record) -> bool:
    return bool(config.get("EnableCapture", True))


def _is_sampled(config: Record) -> bool:
    percentage: float = config["InitialSamplingPercentage"]
    return _is_enabled(config) and random.random() * 100 < percentage  # noqa: S311


def _is_due(file: _File) -> bool:
    began = file.events[0].time
    age = (datetime.now(began.tzinfo) - began).total_seconds()
    return age >= FILE_SECONDS or file.size >= FILE_BYTES
