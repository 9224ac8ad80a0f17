"""Hyperparameters: strings on the wire, scalars in the settings files."""

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from workloads.schema.section import Allowed


def as_hyperparameter(value: Any) -> Any:
    """Convert a scalar to the string that SageMaker takes; leave what is none, to be refused."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case _:
            return value


# The limits are those of HyperParameters in CreateTrainingJob.
HyperParameterKey = Annotated[
    str, Field(min_length=1, max_length=256), Allowed("a key of 1 to 256 characters")
]
HyperParameterValue = Annotated[
    str,
    Field(max_length=2500),
    BeforeValidator(as_hyperparameter),
    Allowed("a string of at most 2500 characters, a finite number, true or false"),
]
