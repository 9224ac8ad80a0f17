"""One input object of a transform job: read, split, sent to the model, assembled and stored."""

import gzip
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from local.sagemaker import s3_data
from local.sagemaker.job import CLIENT_ERRORS
from local.sagemaker.model_server import Answer
from local.sagemaker.records import Record
from local.sagemaker.transform.join import DataProcessing, JoinError
from local.sagemaker.transform.split import MB, RecordTooLargeError, assemble, batches, split

INVOCATIONS_TIMEOUT = 600
"""Seconds for an answer, the default of InvocationsTimeoutInSeconds."""
INVOCATIONS_MAX_RETRIES = 3
"""The default of InvocationsMaxRetries."""
RETRY_PAUSE = 0.5
"""Seconds before a request is sent again."""

Ask = Callable[[bytes, Mapping[str, str], float], Answer]
"""ModelServer.invoke."""


class ObjectFailed(Exception):  # noqa: N818 - an outcome, in SageMaker's word
    """There is no output for an object, as the data log says."""

    def __init__(self, side: str, headline: str, message: str = "") -> None:
        super().__init__(side, headline, message)
        self.side = side
        """Who is to look: `ClientError` or `AlgorithmError`."""
        self.headline = headline
        self.message = message
        self.object = ""
        """`bucket/key`."""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.object, self.headline, self.message)))


class ObjectTransform:
    """What an instance does with each of its input objects."""

    def __init__(
        self,
        record: Record,
        processing: DataProcessing | None,
        s3: Any,
        *,
        ask: Ask,
        requests: Executor,
        stopping: Callable[[], bool],
    ) -> None:
        """Send requests with `ask`, as many at once as the threads of `requests`."""
        self._record = record
        self._processing = processing
        self._s3 = s3
        self._ask = ask
        self._requests = requests
        self._stopping = stopping

    def transform(self, bucket: str, key: str, name: str) -> ObjectFailed | None:
        """Store the output of an object as `<name>.out`; return the failure if there is none.

        An object that fails keeps no other from its output, and when the job is being stopped there
        is neither.
        """
        if self._stopping():
            return None
        try:
            self._store(f"{name}.out", self._transformed(bucket, key))
            return None
        except ObjectFailed as error:
            failure = error
        except (JoinError, RecordTooLargeError, *CLIENT_ERRORS) as error:
            failure = ObjectFailed("ClientError", str(error))
        failure.object = f"{bucket}/{key}"
        return None if self._stopping() else failure

    def _transformed(self, bucket: str, key: str) -> bytes:
        source = self._record["TransformInput"]
        data = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        if source["CompressionType"] == "Gzip":
            data = _decompressed(data)
        made = batches(
            split(data, source["SplitType"]),
            self._record["BatchStrategy"],
            self._record["MaxPayloadInMB"] * MB,
            *([self._processing.payload] if self._processing else []),
        )
        answers = self._requests.map(lambda batch: self._answer(*batch), made)
        return assemble(answers, self._record["TransformOutput"]["AssembleWith"])

    def _answer(self, records: Sequence[bytes], payload: bytes) -> bytes:
        answer = self._invoked(payload)
        return self._processing.output(records, answer) if self._processing else answer

    def _invoked(self, payload: bytes) -> bytes:
        client = self._record.get("ModelClientConfig", {})
        timeout = client.get("InvocationsTimeoutInSeconds", INVOCATIONS_TIMEOUT)
        headers = {
            name: value
            for name, value in (
                ("Content-Type", self._record["TransformInput"].get("ContentType")),
                ("Accept", self._record["TransformOutput"].get("Accept")),
            )
            if value
        }
        tries = client.get("InvocationsMaxRetries", INVOCATIONS_MAX_RETRIES) + 1
        while True:
            tries -= 1
            try:
                return _body(self._ask(payload, headers, timeout))
            except ObjectFailed as failure:
                # The same request gets the same 4xx.
                if not tries or failure.side == "ClientError" or self._stopping():
                    raise
            except OSError as error:
                if not tries or self._stopping():
                    raise ObjectFailed(
                        "AlgorithmError", "Unable to get response from algorithm", str(error)
                    ) from error
            time.sleep(RETRY_PAUSE)

    def _store(self, name: str, output: bytes) -> None:
        target = self._record["TransformOutput"]
        bucket, prefix = s3_data.split(target["S3OutputPath"])
        self._s3.put_object(
            Bucket=bucket,
            Key=f"{prefix.rstrip('/')}/{name}".lstrip("/"),
            Body=output,
            **s3_data.encryption(target.get("KmsKeyId")),
        )


def _body(answer: Answer) -> bytes:
    """Return the body of a good answer. Raises ObjectFailed."""
    if 200 <= answer.status < 300:
        return answer.body
    message = answer.body.decode("utf-8", errors="replace")
    if 400 <= answer.status < 500:
        raise ObjectFailed("ClientError", f"ClientError: {answer.status}", message)
    headline = f"Bad HTTP status received from algorithm: {answer.status}"
    raise ObjectFailed("AlgorithmError", headline, message)


def _decompressed(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise ObjectFailed("ClientError", f"Failed to decompress as Gzip: {error}") from error
