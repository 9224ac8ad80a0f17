"""A transform job's DataProcessing: filters, and the join of each record with its inference."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local.sagemaker.errors import invalid
from local.sagemaker.records import Record
from local.sagemaker.transform.jsonpath import JSONPath, JSONPathError


class JoinError(ValueError):
    """Records cannot be filtered or joined; the text is what SageMaker's data log says."""


class Format(Protocol):
    """How a record is written."""

    name: str

    def parse(self, text: str) -> Any:
        """Return a record's value. Raises ValueError."""

    def write(self, value: Any) -> str:
        """Return a value as a record. Raises ValueError for one that it cannot write."""

    def join(self, record: str, inference: str) -> str:
        """Return a record joined with its inference. Raises ValueError."""


class _CSV:
    """A row is an array of strings; a join appends the inference's columns to the record's."""

    name = "CSV"

    def parse(self, text: str) -> Any:
        try:
            return next(csv.reader([text], strict=True))
        except csv.Error as error:
            raise ValueError(str(error)) from error

    def write(self, value: Any) -> str:
        row = io.StringIO()
        csv.writer(row, lineterminator="").writerow(value if isinstance(value, list) else [value])
        return row.getvalue()

    def join(self, record: str, inference: str) -> str:
        self.parse(record)  # refuses half a record, cut within its quotes
        return f"{record},{inference}"


class _JSON:
    """A join adds SageMakerOutput to an object; another value goes beside it as SageMakerInput."""

    name = "JSON"

    def parse(self, text: str) -> Any:
        return json.loads(text)

    def write(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def join(self, record: str, inference: str) -> str:
        value = self.parse(record)
        joined = value if isinstance(value, dict) else {"SageMakerInput": value}
        return self.write({**joined, "SageMakerOutput": self.parse(inference)})


_FORMATS: dict[str, Format] = {
    "text/csv": _CSV(),
    "application/json": _JSON(),
    "application/jsonlines": _JSON(),
}


def media_type(content_type: str) -> str:
    """Return a content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


@dataclass(frozen=True)
class DataProcessing:
    """What becomes of records on their way to the model and of inferences on their way back."""

    format: Format
    by_line: bool
    """Whether a line is a record; else, the whole payload is."""
    input_filter: JSONPath
    output_filter: JSONPath
    join_source: str

    def payload(self, record: bytes) -> bytes:
        """Return what InputFilter leaves of a record. Raises JoinError."""
        if self.input_filter.is_whole:
            return record
        lines = self._records(record, "input")
        return _text([self._selected(self.input_filter, line, "input") for line in lines])

    def output(self, records: Sequence[bytes], answer: bytes) -> bytes:
        """Return the answer to a payload joined with its records, and OutputFilter's part of it.

        Raises JoinError.
        """
        if self.join_source == "None" and self.output_filter.is_whole:
            return answer
        what = "output from the algorithm"
        inferences = self._records(answer, what)
        if self.join_source == "Input":
            what = "joined output"
            inferences = self._joined(self._records(b"".join(records), "input"), inferences)
        if self.output_filter.is_whole:
            return _text(inferences)
        return _text([self._selected(self.output_filter, each, what) for each in inferences])

    def _joined(self, records: list[str], inferences: list[str]) -> list[str]:
        if len(records) != len(inferences):
            raise JoinError(
                "Fail to join data: mismatched line count between the input and the output "
                f"({len(records)} and {len(inferences)})"
            )
        try:
            return [self.format.join(*pair) for pair in zip(records, inferences, strict=True)]
        except ValueError as error:
            raise JoinError(f"Fail to join data as {self.format.name}: {error}") from error

    def _records(self, data: bytes, what: str) -> list[str]:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise JoinError(self._unreadable(what, error)) from error
        if not self.by_line or not text:
            return [text] if text else []
        return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]

    def _selected(self, path: JSONPath, text: str, what: str) -> str:
        try:
            return self.format.write(path.select(self.format.parse(text)))
        except JSONPathError as error:
            raise JoinError(f"Fail to filter the {what}: {error}") from error
        except ValueError as error:
            raise JoinError(self._unreadable(what, error)) from error

    def _unreadable(self, what: str, error: ValueError) -> str:
        return f"Failed to parse {what} as {self.format.name}: {error}"


def data_processing(request: Record) -> DataProcessing | None:
    """Return the DataProcessing of CreateTransformJob's request, None if it changes nothing.

    Raises SageMakerError for a filter, a ContentType or an Accept that cannot be had.
    """
    given = request.get("DataProcessing") or {}
    input_filter = _path(given, "InputFilter")
    output_filter = _path(given, "OutputFilter")
    join_source = given.get("JoinSource", "None")
    if input_filter.is_whole and output_filter.is_whole and join_source == "None":
        return None
    content_type = media_type(request["TransformInput"].get("ContentType", ""))
    if content_type not in _FORMATS:
        raise invalid(
            f"DataProcessing takes the ContentType {', '.join(_FORMATS)}; it is "
            f"{content_type or 'not set'}"
        )
    accept = media_type(request["TransformOutput"].get("Accept", content_type))
    if accept != content_type:
        raise invalid(
            f"With DataProcessing, Accept must be the ContentType {content_type}; it is {accept}"
        )
    is_split = request["TransformInput"].get("SplitType", "None") == "Line"
    return DataProcessing(
        format=_FORMATS[content_type],
        by_line=is_split or content_type != "application/json",
        input_filter=input_filter,
        output_filter=output_filter,
        join_source=join_source,
    )


def _path(given: Record, member: str) -> JSONPath:
    try:
        return JSONPath.parse(given.get(member, "$"))
    except JSONPathError as error:
        raise invalid(f"{member} {error}") from error


def _text(records: list[str]) -> bytes:
    return "".join(f"{record}\n" for record in records).encode()
