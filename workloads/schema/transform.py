"""The [transform] of a workload: the model's answers to many records at once."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from workloads.schema.sagemaker import (
    ContentType,
    Count,
    EnvironmentKey,
    Flag,
    Name,
    Runtime,
    TransformInstanceType,
)
from workloads.schema.section import Allowed, Section

JsonPath = Annotated[
    str,
    Field(pattern=r"^\$[^\x00-\x1f]*$", max_length=63),
    Allowed('a JSONPath such as "$[1:]", at most 63 characters'),
]


class Transform(Section):
    """A batch transform job, at each deploy or when `make transform` asks for it."""

    model: Name = ""
    """A key of [models]. May be left out when there is only one; the workload fills it in."""
    channel: str | None = None
    """A key of [data]: what `at_deploy` transforms."""
    at_deploy: Flag = False
    instance_type: TransformInstanceType = "ml.m5.large"
    instance_count: Count = 1
    content_type: ContentType = ""
    """Once loaded, the channel's or else the API's when it was left out."""
    accept: ContentType | None = None
    split_type: Annotated[str, Allowed.one_of(("Line", "None", "RecordIO", "TFRecord"))] = "Line"
    strategy: Annotated[str, Allowed.one_of(("MultiRecord", "SingleRecord"))] = "MultiRecord"
    assemble_with: Annotated[str, Allowed.one_of(("Line", "None"))] = "Line"
    max_payload_mb: Annotated[
        int, Field(ge=0, le=100), Allowed("an integer from 0 to 100 (MB)")
    ] = 6
    max_concurrent: Annotated[int, Field(ge=1, le=100), Allowed("an integer from 1 to 100")] = 1
    join_input: Flag = False
    """JoinSource of DataProcessing: Input when true."""
    input_filter: JsonPath | None = None
    output_filter: JsonPath | None = None
    invocation_timeout: Annotated[
        int, Field(ge=1, le=3600), Allowed("an integer from 1 to 3600 (seconds)")
    ] = 600
    max_retries: Annotated[int, Field(ge=0, le=3), Allowed("an integer from 0 to 3")] = 3
    max_runtime: Runtime = 3600
    """Seconds that a deploy waits: a transform job has no limit of its own."""
    environment: Annotated[
        Mapping[
            EnvironmentKey,
            Annotated[
                str, Field(max_length=10240), Allowed("a string of at most 10240 characters")
            ],
        ],
        Field(max_length=16),
        Allowed("a table of at most 16 keys"),
    ] = {}
