"""An environment: the settings that every workload of a deployment shares."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Self

import botocore.session
from pydantic import Field, field_validator, model_validator

from environments.api import ApiSettings
from environments.dev_host import DevHost
from environments.vpc import Vpc
from workloads.schema.section import Allowed, Section, not_allowed, raise_any

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


class Environment(Section):
    """Where the app is deployed, and what all of its workloads share."""

    name: Annotated[
        str,
        # AppStagingSynthesizer's app_id: 20 characters, and part of the names of a bucket and of
        # ECR's repositories, which take no two hyphens in a row.
        Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=20),
        Allowed("1 to 20 lowercase letters, digits and single inner hyphens, a letter first"),
    ] = "sagestack"
    account: (
        Annotated[str, Field(pattern=r"^[0-9]{12}$"), Allowed("an account of 12 digits, in quotes")]
        | None
    ) = None
    region: (
        Annotated[str, Allowed('a region of SageMaker, such as "eu-west-1"', choices=_regions)]
        | None
    ) = None
    # S3 takes 50 tags for a bucket. The shared one also has "app", the CDK's for its clean-up and
    # one for each local channel of the workloads (LOCAL_CHANNELS in workloads.loading).
    tags: Annotated[
        Mapping[TagKey, TagValue], Field(max_length=20), Allowed("a table of at most 20 tags")
    ] = {}
    retain_data: Annotated[bool, Allowed("true, false")] = False
    log_retention_days: Annotated[
        int,
        Allowed.one_of(RETENTION_DAYS),
    ] = 30
    vpc: Vpc | None = None
    # CloudFormation waits an hour for a custom resource, and the answer needs some of it.
    job_wait: Annotated[
        int, Field(ge=5, le=3000), Allowed("an integer from 5 to 3000 (seconds)")
    ] = 3000
    """Seconds that one custom resource waits for a job; as many wait in turn as the job needs."""
    api: ApiSettings = ApiSettings()
    dev_host: DevHost | None = None

    @field_validator("name")
    @classmethod
    def _begins_the_paths_of_parameters(cls, name: str) -> str:
        if name.startswith(("aws", "ssm")):
            there = 'a name without "aws" or "ssm" in front, which AWS keeps for its own parameters'
            raise_any([not_allowed(name, there)])
        return name

    @field_validator("tags")
    @classmethod
    def _keys_are_free(cls, tags: Mapping[str, str]) -> Mapping[str, str]:
        # The app finds its jobs by the tags "app" and "sagestack:request-id", and AWS keeps "aws:".
        # Capitals make no other key: a role's tags do not tell them apart.
        raise_any(
            not_allowed(key, 'a key other than "app", without "aws:" or "sagestack:" in front', key)
            for key in tags
            if key.lower() == "app" or key.lower().startswith(("aws:", "sagestack:"))
        )
        return tags

    @model_validator(mode="after")
    def _names_the_domain_of_its_user_pool(self) -> Self:
        # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
        taken = [word for word in ("aws", "amazon", "cognito") if word in self.name]
        if self.api.jwt is not None and self.api.jwt.cognito and taken:
            there = f'a name without "{taken[0]}" in it, which no domain of a user pool may have'
            raise_any([not_allowed(self.name, there, "name")])
        return self

    @property
    def all_tags(self) -> Mapping[str, str]:
        """The tags of what the app makes: its name, and the environment's own."""
        return {"app": self.name, **self.tags}
