"""The [smoke] request of a workload, sent to every variant after each deploy."""

from typing import Annotated

from pydantic import Field

from workloads.schema.api import PayloadType
from workloads.schema.section import Allowed, Section


class Smoke(Section):
    """A request that every variant must answer with 2xx, or the deploy fails."""

    content_type: PayloadType
    body: Annotated[
        str, Field(min_length=1, max_length=60_000), Allowed("a request of 1 to 60000 characters")
    ]
