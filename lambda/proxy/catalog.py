"""The workloads that the API serves: an SSM parameter each, written by the workload's own stack."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from botocore.exceptions import BotoCoreError, ClientError

from proxy.errors import CatalogError, NotFoundError
from proxy.log import log
from proxy.media import CSV, JSON
from proxy.schema import Feature, Schema

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

Kind = Literal["instances", "serverless", "asynchronous"]

# A workload that was deployed again may be served as it was for so long; a request seldom waits for
# the Parameter Store meanwhile.
_TTL_SECONDS = 30.0

# What is not in the catalog may have been deployed just now: it is read again, but not for each of
# many requests for something that does not exist.
_RELOAD_SECONDS = 1.0


@dataclass(frozen=True)
class Variant:
    """What answers a share of the requests, and which version of which model it is."""

    name: str
    model: str
    weight: float
    model_version: str
    """The SageMaker Model's name, which is another one with each image and artifact."""
    artifact: str


@dataclass(frozen=True)
class Workload:
    """A deployed workload: its endpoint, and what it takes."""

    name: str
    description: str
    endpoint: str
    kind: Kind
    variants: tuple[Variant, ...]
    content_type: str
    header: bool
    schema: Schema
    async_folder: str | None = None
    """Of a workload that answers later: the S3 URI below which requests and answers are."""

    @classmethod
    def from_json(cls, text: str) -> "Workload":
        """Raise KeyError, TypeError or ValueError for what is not an entry of the catalog."""
        entry = json.loads(text)
        if entry["content_type"] not in (CSV, JSON):
            raise ValueError(f"content_type is {entry['content_type']}")
        if entry["kind"] not in get_args(Kind):
            raise ValueError(f"kind is {entry['kind']}")
        models = entry["models"]
        return cls(
            name=entry["name"],
            description=entry["description"],
            endpoint=entry["endpoint"],
            kind=entry["kind"],
            variants=tuple(
                Variant(
                    name=variant["name"],
                    model=variant["model"],
                    weight=variant["weight"],
                    model_version=models[variant["model"]]["version"],
                    artifact=models[variant["model"]]["artifact"],
                )
                for variant in entry["variants"]
            ),
            content_type=entry["content_type"],
            header=entry["header"],
            schema=Schema(tuple(map(Feature.from_json, entry["features"]))),
            async_folder=entry["async_folder"] if entry["kind"] == "asynchronous" else None,
        )

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/workloads/{self.name}"

    @property
    def routes(self) -> dict[str, str]:
        """What can be asked of it, and where."""
        if self.kind == "asynchronous":
            return {"invoke_async": f"{self.path}/async-invocations"}
        return {
            "invoke": f"{self.path}/invocations",
            "invoke_variant": f"{self.path}/variants/{{variant}}/invocations",
        }

    def public(self) -> dict[str, Any]:
        """Explain what is deployed, and what is needed to ask it."""
        described = {
            "name": self.name,
            "description": self.description,
            "endpoint": self.endpoint,
            "kind": self.kind,
            "variants": [asdict(variant) for variant in self.variants],
            "content_type": self.content_type,
            "features": [feature.public() for feature in self.schema.features],
            "routes": self.routes,
        }
        if self.async_folder is not None:
            described["async_input"] = f"{self.async_folder}/input/"
        return described

    def version_of(self, variant: str) -> str:
        """Return the version of a variant's model; "" for a variant that is not known (any more).

        A deploy changes what serves before it changes the catalog, which is in hand for half a
        minute: so long the version of before is told.
        """
        return next((each.model_version for each in self.variants if each.name == variant), "")


class Catalog:
    """The workloads by name, as they were at most 30 seconds ago."""

    def __init__(
        self,
        ssm: "SSMClient",
        path: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ssm = ssm
        self._path = path
        self._clock = clock
        self._workloads: Mapping[str, Workload] | None = None
        self._read_at = 0.0

    def workloads(self) -> list[Workload]:
        """List all workloads by name; raises CatalogError."""
        workloads = self._newer_than(_TTL_SECONDS)
        return [workloads[name] for name in sorted(workloads)]

    def find(self, name: str, variant: str | None = None) -> Workload:
        """Return the workload; raises NotFoundError if it, or the variant asked for, is not there.

        Raises CatalogError.
        """
        try:
            return _find(self._newer_than(_TTL_SECONDS), name, variant)
        except NotFoundError:
            return _find(self._newer_than(_RELOAD_SECONDS), name, variant)

    def _newer_than(self, seconds: float) -> Mapping[str, Workload]:
        now = self._clock()
        if self._workloads is not None and now - self._read_at < seconds:
            return self._workloads
        try:
            self._workloads = self._read()
        except (ClientError, BotoCoreError) as error:
            if self._workloads is None:
                raise CatalogError(str(error)) from error
            log("the catalog cannot be read, the one in hand serves on", error=str(error))
        self._read_at = now
        return self._workloads

    def _read(self) -> dict[str, Workload]:
        pages = self._ssm.get_paginator("get_parameters_by_path").paginate(Path=self._path)
        workloads = {}
        for parameter in (parameter for page in pages for parameter in page["Parameters"]):
            try:
                workload = Workload.from_json(parameter["Value"])
            except (KeyError, TypeError, ValueError) as error:  # the other workloads serve on
                log("not a workload", parameter=parameter["Name"], error=repr(error))
            else:
                workloads[workload.name] = workload
        return workloads


def _find(workloads: Mapping[str, Workload], name: str, variant: str | None) -> Workload:
    if name not in workloads:
        raise NotFoundError(f"there is no workload {name}", sorted(workloads))
    workload = workloads[name]
    known = [each.name for each in workload.variants]
    if variant is not None and variant not in known:
        raise NotFoundError(f"{name} has no variant {variant}", known)
    return workload
