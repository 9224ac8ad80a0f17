"""An input object as records, the records as payloads, and the answers as one output object."""

import io
from collections.abc import Callable, Iterable, Iterator

MB = 1024 * 1024
"""MaxPayloadInMB's unit, in bytes."""


class RecordTooLargeError(ValueError):
    """A record alone is more than MaxPayloadInMB."""


def split(data: bytes, split_type: str) -> list[bytes]:
    r"""Return the records of an object; joined, they are the object again.

    With the SplitType Line a record is a line with its `\n`, also within quotes, as SageMaker
    documents it; with None it is the whole object.
    """
    if split_type == "Line":
        return list(io.BytesIO(data))
    return [data] if data else []


def batches(
    records: Iterable[bytes],
    strategy: str,
    limit: int | None,
    payload_of: Callable[[bytes], bytes] = lambda record: record,
) -> Iterator[tuple[list[bytes], bytes]]:
    """Yield each payload's records, and the payload: what `payload_of` makes of them, joined.

    With the BatchStrategy MultiRecord, as many records as fit into `limit` bytes; with SingleRecord
    one. Raises RecordTooLargeError for a record that fits into no payload.
    """
    batch: list[bytes] = []
    payload = bytearray()
    for record in records:
        part = payload_of(record)
        if limit is not None and len(part) > limit:
            raise RecordTooLargeError(
                f"Maximum payload size exceeded: a record of {len(part)} bytes is larger than "
                f"MaxPayloadInMB={limit // MB}"
            )
        is_full = limit is not None and len(payload) + len(part) > limit
        if batch and (is_full or strategy == "SingleRecord"):
            yield batch, bytes(payload)
            batch, payload = [], bytearray()
        batch.append(record)
        payload += part
    if batch:
        yield batch, bytes(payload)


def assemble(answers: Iterable[bytes], assemble_with: str) -> bytes:
    r"""Return the output object: the answers one after another, each a line's end with Line.

    An answer that ends its last line itself gets no second `\n`.
    """
    if assemble_with == "None":
        return b"".join(answers)
    return b"".join(a if a.endswith(b"\n") else a + b"\n" for a in answers)
