"""The [dev_host]: a machine to prototype on, with RStudio Server, or a notebook instance."""

import re
from typing import Annotated, Any, Literal

import botocore.session
from pydantic import Field, PlainValidator

from workloads.schema.sagemaker import NotebookInstanceType
from workloads.schema.section import Allowed, Section
from workloads.schema.times import TimeZone

NEVER = "never"

SubnetId = Annotated[
    str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$"), Allowed('a subnet, "subnet-..."')
]
_TimeOfDay = Annotated[
    str,
    Field(pattern=rf"^(([01][0-9]|2[0-3]):[0-5][0-9]|{NEVER})$"),
    Allowed(f'a time of day such as "20:00", or "{NEVER}"'),
]


def _instance_types() -> tuple[str, ...]:
    """List EC2's instance types, as botocore knows them."""
    ec2 = botocore.session.get_session().get_service_model("ec2")
    return tuple(ec2.shape_for("InstanceType").metadata["enum"])


class _Host(Section):
    """What both kinds have: where the host stands, and when it stops itself."""

    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$"), Allowed('a VPC, "vpc-..."')]
    subnet_id: SubnetId
    """Private, with a way out to the internet (a NAT gateway): the host gets no public address."""
    idle_minutes: Annotated[
        int, Field(ge=10, le=1440), Allowed("an integer from 10 to 1440 (minutes)")
    ] = 60
    stop_at: _TimeOfDay = "20:00"
    time_zone: TimeZone = "UTC"

    @property
    def stop_schedule(self) -> str | None:
        """When it is stopped each day, as EventBridge Scheduler writes it; None for never."""
        if self.stop_at == NEVER:
            return None
        hour, minute = map(int, self.stop_at.split(":"))
        return f"cron({minute} {hour} * * ? *)"


class RStudioHost(_Host):
    """An EC2 instance with RStudio Server."""

    kind: Literal["rstudio"]
    accept_agpl: Annotated[
        bool,
        Allowed(
            "true, which accepts the licence of RStudio Server, the AGPL version 3 "
            "(https://www.gnu.org/licenses/agpl-3.0.html)",
            choices=lambda: (True,),
        ),
    ]
    availability_zone: Annotated[
        str,
        Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+(-[a-z]+-[0-9]+)?[a-z]$"),
        Allowed('the availability zone of the subnet, such as "eu-west-1a"'),
    ]
    """A volume is made in a zone, and only an instance of that zone can attach it."""
    instance_type: Annotated[
        str, Allowed('an instance type of EC2, such as "t3.large"', choices=_instance_types)
    ] = "t3.large"
    # EBS: a gp3 volume has 1 to 65,536 GiB
    volume_size_gb: Annotated[
        int, Field(ge=10, le=65_536), Allowed("an integer from 10 to 65536 (GB)")
    ] = 50

    @property
    def architecture(self) -> Literal["amd64", "arm64"]:
        """The architecture of the instance type, in Debian's words.

        Graviton is the g after a generation's number (t4g, c7gn, im4gn), and a1 its first. The g in
        front (g5) is for graphics. https://docs.aws.amazon.com/ec2/latest/instancetypes/
        """
        family = self.instance_type.partition(".")[0]
        return "arm64" if re.fullmatch(r"a1|[a-z]+[0-9]+g[a-z]*", family) else "amd64"


class NotebookHost(_Host):
    """A SageMaker notebook instance."""

    kind: Literal["notebook"]
    instance_type: NotebookInstanceType = "ml.t3.medium"
    # CreateNotebookInstance.VolumeSizeInGB
    volume_size_gb: Annotated[
        int, Field(ge=5, le=16_384), Allowed("an integer from 5 to 16384 (GB)")
    ] = 20


_KINDS: dict[str, type[_Host]] = {"rstudio": RStudioHost, "notebook": NotebookHost}


class _OfNoKind(Section):
    """A table of neither kind; whatever keys they have may be in it."""

    kind: Annotated[str, Allowed.one_of(_KINDS)]
    vpc_id: Any = None
    subnet_id: Any = None
    availability_zone: Any = None
    instance_type: Any = None
    volume_size_gb: Any = None
    idle_minutes: Any = None
    stop_at: Any = None
    time_zone: Any = None
    accept_agpl: Any = None


def _of_its_kind(value: Any) -> Any:
    """Validate as the kind that is named, so that only its own problems are reported."""
    named = value.get("kind") if isinstance(value, dict) else None
    found = (schema for kind, schema in _KINDS.items() if kind == named)
    return next(found, _OfNoKind).model_validate(value)


DevHost = Annotated[RStudioHost | NotebookHost, PlainValidator(_of_its_kind)]
