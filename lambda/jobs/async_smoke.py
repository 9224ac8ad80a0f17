"""The smoke payload of an asynchronous endpoint: an object of S3, and so is what comes of it.

Nothing is remembered from one call to the next but what lies in S3, in a folder that is called as
CloudFormation's request: the payload, and where SageMaker says that the answer or the failure will
be. So the same event twice is one invocation, and a new deploy is another.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jobs.clients import Clients
from jobs.events import Event, log

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PATIENCE = timedelta(minutes=45)
"""How long the answer may take: the Provider waits 54 minutes, and does not know for what. An
endpoint that has scaled itself to no instance needs some ten of them to get one."""
_LOCATIONS = ("OutputLocation", "FailureLocation")


class AsyncFailure(Exception):  # noqa: N818 - an outcome, in SageMaker's word
    """The invocation failed; the text is what SageMaker put into the failure's object."""


@dataclass(frozen=True)
class AsyncAnswer:
    """What SageMaker put into the answer's object."""

    content_type: str
    body: bytes


@dataclass(frozen=True)
class _Place:
    bucket: str
    key: str

    @classmethod
    def of(cls, uri: str) -> "_Place":
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return cls(bucket, key)

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def within(self, name: str) -> "_Place":
        return _Place(self.bucket, f"{self.key.rstrip('/')}/{name}")

    def since(self, s3: "S3Client") -> datetime | None:
        """When the object was put; None when there is none.

        Asked by a listing: who may not list is told AccessDenied of an object that is not there.
        """
        found = s3.list_objects_v2(Bucket=self.bucket, Prefix=self.key, MaxKeys=1)
        same = (each for each in found.get("Contents", []) if each["Key"] == self.key)
        return next((each["LastModified"] for each in same), None)


def answer(
    event: Event, clients: Clients, *, endpoint: str, input_uri: str, content_type: str, body: str
) -> AsyncAnswer | None:
    """Return the answer once it is there, None until then; all objects are gone afterwards.

    The payload is put below `input_uri`, encrypted as the bucket's default says. Raises
    AsyncFailure with the failure's own text, also when nothing came within PATIENCE.
    """
    folder = _Place.of(input_uri).within(event["RequestId"])
    payload, note = folder.within("payload"), folder.within("locations.json")
    asked = note.since(clients.s3)
    if asked is None:
        clients.s3.put_object(
            Bucket=payload.bucket, Key=payload.key, Body=body.encode(), ContentType=content_type
        )
        accepted = clients.runtime.invoke_endpoint_async(
            EndpointName=endpoint,
            ContentType=content_type,
            InputLocation=payload.uri,
            InferenceId=event["RequestId"],
        )
        there = {name: str(uri) for name, uri in accepted.items() if name in _LOCATIONS}
        clients.s3.put_object(Bucket=note.bucket, Key=note.key, Body=json.dumps(there).encode())
        log(event, "asked the endpoint, which will answer in S3", endpoint=endpoint, **there)
        return None
    there = json.loads(_read(note, clients.s3).body)
    ended = {name: _Place.of(uri) for name, uri in there.items()}
    done = {name: place for name, place in ended.items() if place.since(clients.s3)}
    late = datetime.now(UTC) - asked > PATIENCE
    if not (done or late):
        return None
    results = {name: _read(place, clients.s3) for name, place in done.items()}
    # the note first: when this is broken off, the next call asks anew and does not wait for nothing
    for place in (note, payload, *done.values()):
        clients.s3.delete_object(Bucket=place.bucket, Key=place.key)
    if result := results.get("OutputLocation"):
        return result
    if failure := results.get("FailureLocation"):
        raise AsyncFailure(failure.body.decode(errors="replace").strip())
    places = " or ".join(there.values())
    raise AsyncFailure(f"nothing came within {PATIENCE.seconds // 60} minutes at {places}")


def _read(place: _Place, s3: "S3Client") -> AsyncAnswer:
    found = s3.get_object(Bucket=place.bucket, Key=place.key)
    return AsyncAnswer(found.get("ContentType", ""), found["Body"].read())
