"""Types of times."""

from typing import Annotated

from pydantic import Field

from workloads.schema.section import Allowed

# Not looked up here: the database of the machine that synthesizes need not be that of AWS.
TimeZone = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$", max_length=50),
    Allowed('a time zone of the IANA database such as "Europe/Berlin"'),
]
