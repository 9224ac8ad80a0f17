"""The [transform] of a workload: the model's answers to many records at once."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import InitErrorDetails

from workloads.schema.data import ChannelKey
from workloads.schema.local_disks import takes_key
from workloads.schema.sagemaker import (
    ContentType,
    Count,
    EnvironmentKey,
    Flag,
    Name,
    Runtime,
    TransformInstanceType,
)
from workloads.schema.section import Allowed, Section, not_allowed, problem, raise_any

JsonPath = Annotated[
    str,
    Field(pattern=r"^\$[^\x00-\x1f]*$", max_length=63),
    Allowed('a JSONPath such as "$[1:]", at most 63 characters'),
]
RECORD_TYPES = ("text/csv", "application/json", "application/jsonlines")
"""The content types whose records SageMaker can read itself, to filter or join them."""


class Transform(Section):
    """A batch transform job, at each deploy or when `make transform` asks for it."""

    model: Name = ""
    """A key of [models]. May be left out when there is only one; the workload fills it in."""
    channel: ChannelKey | None = None
    """What `at_deploy` transforms."""
    at_deploy: Flag = False
    instance_type: TransformInstanceType = "ml.m5.large"
    instance_count: Count = 1
    content_type: ContentType = ""
    """Once loaded, the channel's or else the API's when it was left out."""
    accept: ContentType | None = None
    """Once loaded, the type of the records when they are joined or filtered."""
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

    @property
    def data_processing(self) -> bool:
        """Whether SageMaker reads the records itself, to join or filter them (DataProcessing)."""
        return self.join_input or self.input_filter is not None or self.output_filter is not None

    def request(
        self,
        *,
        model_name: str,
        s3_uri: str,
        s3_output_path: str,
        kms_key_id: str,
        s3_data_type: str = "S3Prefix",
        compression: str = "None",
    ) -> dict[str, Any]:
        """Return a request of CreateTransformJob, without a name and tags; the settings loaded.

        The key encrypts the answers, and the volume where that takes one.
        """
        # a strategy is for records, of which there is none without a split
        strategy = {"BatchStrategy": self.strategy} if self.split_type != "None" else {}
        filters = {"InputFilter": self.input_filter, "OutputFilter": self.output_filter}
        processing = {
            "JoinSource": "Input" if self.join_input else "None",
            **{member: path for member, path in filters.items() if path is not None},
        }
        return {
            "ModelName": model_name,
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": s3_data_type, "S3Uri": s3_uri}},
                "ContentType": self.content_type,
                "CompressionType": compression,
                "SplitType": self.split_type,
            },
            "TransformOutput": {
                "S3OutputPath": s3_output_path,
                "AssembleWith": self.assemble_with,
                "KmsKeyId": kms_key_id,
                **({"Accept": self.accept} if self.accept else {}),
            },
            "TransformResources": {
                "InstanceType": self.instance_type,
                "InstanceCount": self.instance_count,
                **({"VolumeKmsKeyId": kms_key_id} if takes_key(self.instance_type) else {}),
            },
            **strategy,
            "MaxPayloadInMB": self.max_payload_mb,
            "MaxConcurrentTransforms": self.max_concurrent,
            "ModelClientConfig": {
                "InvocationsTimeoutInSeconds": self.invocation_timeout,
                "InvocationsMaxRetries": self.max_retries,
            },
            **({"DataProcessing": processing} if self.data_processing else {}),
            **({"Environment": dict(self.environment)} if self.environment else {}),
        }

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        raise_any(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[InitErrorDetails]:
        if self.at_deploy and self.channel is None:
            yield problem("missing; allowed: a key of [data], for at_deploy = true", "channel")
        if self.strategy == "SingleRecord" and self.split_type == "None":
            there = 'only with a split_type other than "None", which says what a record is'
            yield not_allowed(self.strategy, there, "strategy")
        # The rules of MaxPayloadInMB: 100 MB under way at an instance; 0 for a payload of any size.
        if self.max_payload_mb * self.max_concurrent > 100:
            most = 100 // self.max_concurrent
            there = f"at most {most}, as max_payload_mb * max_concurrent is 100 at most"
            yield not_allowed(self.max_payload_mb, there, "max_payload_mb")
        if self.max_payload_mb == 0 and self.split_type != "None":
            there = '0 only with split_type = "None": split data is sent in payloads of a size'
            yield not_allowed(0, there, "max_payload_mb")
        if self.data_processing and self.split_type not in {"Line", "None"}:
            there = '"Line", "None" with join_input, input_filter or output_filter'
            yield not_allowed(self.split_type, there, "split_type")
