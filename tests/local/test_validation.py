from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.sagemaker.errors import SageMakerError
from local.sagemaker.validation import compiled, from_template, service_model, validate

JOB: dict[str, Any] = {
    "TrainingJobName": "iris",
    "RoleArn": "arn:aws:iam::000000000000:role/job",
    "OutputDataConfig": {"S3OutputPath": "s3://models/"},
}


def refusal(operation: str, request: dict[str, Any]) -> SageMakerError:
    with pytest.raises(SageMakerError) as raised:
        validate(operation, request)
    return raised.value


def test_a_request_that_fits_is_taken() -> None:
    validate("CreateTrainingJob", JOB)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"TrainingJobName": "a_b"},
            "Value 'a_b' at 'trainingJobName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        ),
        (
            {"TrainingJobName": "a" * 64},
            f"Value '{'a' * 64}' at 'trainingJobName' failed to satisfy constraint: Member must "
            "have length less than or equal to 63",
        ),
        (
            {"RoleArn": None},
            "Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 0}},
            "Value '0' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        ),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "Tape"}},
            "Value 'Tape' at 'algorithmSpecification.trainingInputMode' failed to satisfy "
            "constraint: Member must satisfy enum value set: [Pipe, File, FastFile]",
        ),
        (
            {"HyperParameters": {"degree": "2" * 2501}},
            "at 'hyperParameters.degree.member' failed to satisfy constraint: Member must have "
            "length less than or equal to 2500",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_in_the_words_of_aws(
    change: dict[str, Any], message: str
) -> None:
    error = refusal("CreateTrainingJob", JOB | change)
    assert error.code == "ValidationException"
    assert message in error.message


def test_a_refusal_names_every_problem() -> None:
    error = refusal("CreateTrainingJob", JOB | {"TrainingJobName": "a_b", "RoleArn": None})
    assert error.message.startswith("2 validation errors detected: ")


def test_hyperparameters_are_strings_on_the_wire() -> None:
    error = refusal("CreateTrainingJob", JOB | {"HyperParameters": {"degree": 2}})
    assert error.code == "SerializationException"


def test_a_template_may_give_numbers_and_booleans_as_strings() -> None:
    variant = {"VariantName": "a", "InitialInstanceCount": "1", "InitialVariantWeight": "0.5"}
    properties = {"ProductionVariants": [variant], "EnableNetworkIsolation": "true"}
    assert from_template("CreateEndpointConfig", properties) == {
        "ProductionVariants": [
            {"VariantName": "a", "InitialInstanceCount": 1, "InitialVariantWeight": 0.5}
        ],
        "EnableNetworkIsolation": True,
    }


def test_a_template_with_an_unknown_property_is_refused() -> None:
    with pytest.raises(SageMakerError, match=r"extraneous key \[InstanceKind\] is not permitted"):
        from_template("CreateEndpointConfig", {"ProductionVariants": [{"InstanceKind": "x"}]})


@pytest.mark.parametrize(
    "operation", ["CreateTrainingJob", "CreateModel", "CreateEndpointConfig", "UpdateEndpoint"]
)
def test_every_pattern_of_the_model_is_one_that_python_knows(operation: str) -> None:
    def walk(shape: Shape | None, seen: frozenset[str] = frozenset()) -> None:
        if shape is None or shape.name in seen:
            return
        compiled(shape.metadata.get("pattern", ""))
        inner: list[Shape] = []
        if isinstance(shape, StructureShape):
            inner = list(shape.members.values())
        elif isinstance(shape, ListShape):
            inner = [shape.member]
        elif isinstance(shape, MapShape):
            inner = [shape.key, shape.value]
        for member in inner:
            walk(member, seen | {shape.name})

    walk(service_model().operation_model(operation).input_shape)
