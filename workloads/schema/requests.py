"""The [data_capture] and the [async_inference] of a workload: what becomes of its requests."""

from typing import Annotated

from pydantic import Field, field_validator

from workloads.schema.sagemaker import Flag
from workloads.schema.section import Allowed, Section, Several, raise_any, repeated


class DataCapture(Section):
    """DataCaptureConfig: requests and answers are kept in the app's bucket, encrypted."""

    sampling_percentage: Annotated[
        int, Field(ge=1, le=100), Allowed("an integer from 1 to 100 (percent)")
    ] = 100
    capture: Annotated[
        Several[Annotated[str, Allowed.one_of(("Input", "Output"))]],
        Field(min_length=1),
        Allowed('a list of "Input", "Output" or both'),
    ] = ("Input", "Output")

    @field_validator("capture")
    @classmethod
    def _modes_are_unique(cls, modes: tuple[str, ...]) -> tuple[str, ...]:
        raise_any(repeated(modes))
        return modes


class AsyncInference(Section):
    """AsyncInferenceConfig: requests are objects of S3, and so are the answers, some time later."""

    max_concurrent_invocations_per_instance: (
        Annotated[int, Field(ge=1, le=1000), Allowed("an integer from 1 to 1000")] | None
    ) = None
    """SageMaker finds a number itself when it is left out."""
    notify: Flag = True
    """Whether the stack has topics of SNS that tell of each answer and of each failure."""
