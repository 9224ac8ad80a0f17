"""An environment: the settings that every workload of a deployment shares."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated

import botocore.session
from pydantic import Field, field_validator

from workloads.schema.section import Allowed, Section, Several, problem, raise_any, repeated

# What CloudWatch Logs takes as RetentionInDays (PutRetentionPolicy).
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


@cache
def _regions() -> tuple[str, ...]:
    session = botocore.session.get_session()
    return tuple(
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("sagemaker", partition_name=partition)
    )


# AWS takes 50 tags, some of which the app adds itself; "aws:" is AWS's own prefix.
_TAG_TEXT = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
TagKey = Annotated[
    str,
    Field(pattern=rf"^{_TAG_TEXT}+$", max_length=128),
    Allowed("1 to 128 letters, digits, blanks and _.:/=+-@"),
]
TagValue = Annotated[
    str,
    Field(pattern=rf"^{_TAG_TEXT}*$", max_length=256),
    Allowed("at most 256 letters, digits, blanks and _.:/=+-@"),
]


SubnetId = Annotated[
    str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$"), Allowed('a subnet, "subnet-..."')
]
SecurityGroupId = Annotated[
    str, Field(pattern=r"^sg-[0-9a-f]{8,17}$"), Allowed('a security group, "sg-..."')
]


class Vpc(Section):
    """An existing VPC in which the training jobs and the models run."""

    subnet_ids: Annotated[
        Several[SubnetId], Field(min_length=1, max_length=16), Allowed("a list of 1 to 16 subnets")
    ]
    security_group_ids: Annotated[
        Several[SecurityGroupId],
        Field(min_length=1, max_length=5),
        Allowed("a list of 1 to 5 security groups"),
    ]

    @field_validator("subnet_ids", "security_group_ids")
    @classmethod
    def _ids_are_unique(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        raise_any(repeated(ids))
        return ids


class ApiThrottling(Section):
    """Throttling of the API's stage, in API Gateway's words."""

    throttling_rate_limit: Annotated[
        float, Field(gt=0, le=10_000), Allowed("a number above 0, at most 10000 (requests/second)")
    ] = 10.0
    throttling_burst_limit: Annotated[
        int, Field(ge=1, le=5_000), Allowed("an integer from 1 to 5000 (requests)")
    ] = 20


class Environment(Section):
    """Where the app is deployed, and what all of its workloads share."""

    name: Annotated[
        str,
        # AppStagingSynthesizer's app_id: 20 characters, and part of a bucket's name.
        Field(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$", max_length=20),
        Allowed("1 to 20 lowercase letters, digits and inner hyphens, a letter first"),
    ] = "sagestack"
    account: (
        Annotated[str, Field(pattern=r"^[0-9]{12}$"), Allowed("an account of 12 digits, in quotes")]
        | None
    ) = None
    region: (
        Annotated[str, Allowed('a region of SageMaker, such as "eu-west-1"', choices=_regions)]
        | None
    ) = None
    tags: Annotated[
        Mapping[TagKey, TagValue], Field(max_length=45), Allowed("a table of at most 45 tags")
    ] = {}
    retain_data: Annotated[bool, Allowed("true, false")] = False
    log_retention_days: Annotated[
        int,
        Allowed.one_of(RETENTION_DAYS),
    ] = 30
    vpc: Vpc | None = None
    api: ApiThrottling = ApiThrottling()

    @field_validator("tags")
    @classmethod
    def _keys_are_not_of_aws(cls, tags: Mapping[str, str]) -> Mapping[str, str]:
        raise_any(
            problem('found AWS\'s own prefix; allowed: keys without "aws:" in front', key)
            for key in tags
            if key.lower().startswith("aws:")
        )
        return tags

    @property
    def all_tags(self) -> Mapping[str, str]:
        """The tags of every resource: the app's name and the environment's own."""
        return {"app": self.name, **self.tags}
