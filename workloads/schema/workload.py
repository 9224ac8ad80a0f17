"""A workload: one settings file, one stack."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from workloads.schema.api import Api
from workloads.schema.data import Channel
from workloads.schema.hosting import Variant
from workloads.schema.sagemaker import Name
from workloads.schema.section import (
    Allowed,
    Section,
    Several,
)
from workloads.schema.smoke import Smoke
from workloads.schema.training import Model

# An endpoint's name is the app's (20 characters at most), a hyphen and this, 63 in all.
WorkloadName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=42),
    Allowed("the file's name without .toml: 1 to 42 lowercase letters, digits and inner hyphens"),
]
ChannelName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._-]{1,64}$"),
    Allowed("a channel of 1 to 64 letters, digits, dots, underscores and hyphens"),
]


class Workload(Section):
    """Data, the models trained on it, the endpoint that serves them and its API."""

    name: WorkloadName
    description: Annotated[
        str, Field(pattern=r"^[^\x00-\x1f]{1,256}$"), Allowed("1 to 256 characters on one line")
    ]
    data: Annotated[
        Mapping[ChannelName, Channel],
        Field(min_length=1, max_length=20),
        Allowed("1 to 20 tables [data.<channel>]"),
    ]
    models: Annotated[
        Mapping[Name, Model], Field(min_length=1), Allowed("at least one table [models.<name>]")
    ]
    variants: Annotated[
        Several[Variant],
        Field(min_length=1, max_length=10),
        Allowed("1 to 10 tables [[variants]]"),
    ]
    api: Api
    smoke: Smoke

    def endpoint_name(self, app_name: str) -> str:
        """Name the workload's endpoint."""
        return f"{app_name}-{self.name}"

    def catalog(self, endpoint_name: str) -> str:
        """Write the JSON by which the API knows the workload: the value of an SSM parameter."""
        entry: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "endpoint": endpoint_name,
            "variants": [variant.name for variant in self.variants],
            **self.api.model_dump(exclude_none=True),
        }
        return json.dumps(entry, separators=(",", ":"))
