from typing import Any

import pytest
from botocore.model import Shape, ShapeResolver
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from jobs.coerce import CoercionError, coerce

from .fake_aws import FakeAws
from .job_events import REQUESTS, stringified

MODEL: dict[str, Any] = {
    "Request": {
        "type": "structure",
        "members": {
            "Name": {"shape": "Text"},
            "Count": {"shape": "Integer"},
            "Bytes": {"shape": "Long"},
            "Rate": {"shape": "Float"},
            "Precise": {"shape": "Double"},
            "Enabled": {"shape": "Flag"},
            "Words": {"shape": "Words"},
            "Nested": {"shape": "Nested"},
        },
    },
    "Nested": {"type": "list", "member": {"shape": "Request"}},
    "Words": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    "Text": {"type": "string"},
    "Integer": {"type": "integer"},
    "Long": {"type": "long"},
    "Float": {"type": "float"},
    "Double": {"type": "double"},
    "Flag": {"type": "boolean"},
}
SHAPE: Shape = ShapeResolver(MODEL).get_shape_by_name("Request")

numbers = st.floats(allow_nan=False, allow_infinity=False)
scalars = {
    "Name": st.text(),
    "Count": st.integers(-(2**31), 2**31 - 1),
    "Bytes": st.integers(-(2**63), 2**63 - 1),
    "Rate": numbers,
    "Precise": numbers,
    "Enabled": st.booleans(),
    "Words": st.dictionaries(st.text(), st.text(), max_size=3),
}
requests = st.recursive(
    st.fixed_dictionaries({}, optional=scalars),
    lambda inner: st.fixed_dictionaries({"Nested": st.lists(inner, max_size=3)}, optional=scalars),
    max_leaves=5,
)


@given(requests)
def test_what_cloudformation_made_strings_of_gets_its_types_back(request_: dict[str, Any]) -> None:
    coerced = coerce(stringified(request_), SHAPE)
    assert coerced == request_
    assert not ParamValidator().validate(coerced, SHAPE).has_errors()


@given(requests)
def test_a_request_that_has_its_types_keeps_them(request_: dict[str, Any]) -> None:
    assert coerce(request_, SHAPE) == request_


def test_a_whole_training_job_passes_botocores_validation(aws: FakeAws) -> None:
    shape = aws.clients.sagemaker.meta.service_model.shape_for("CreateTrainingJobRequest")
    coerced = coerce(stringified(REQUESTS["TrainingJob"]), shape)
    assert coerced == REQUESTS["TrainingJob"]
    named = coerced | {"TrainingJobName": "iris"}
    assert ParamValidator().validate(named, shape).generate_report() == ""


def test_scalars_become_the_strings_that_hyperparameters_are() -> None:
    assert coerce({"Words": {"degree": 2, "trace": True, "rate": 0.1}}, SHAPE) == {
        "Words": {"degree": "2", "trace": "true", "rate": "0.1"}
    }


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"Nane": "x"}, "Request.Nane does not exist, Request has: Name, Count"),
        ({"Nested": [{}, {"X": "1"}]}, "Request.Nested[1].X does not exist"),
        ({"Count": "3.5"}, "Request.Count is '3.5', expected an integer"),
        ({"Count": ""}, "Request.Count is '', expected an integer"),
        ({"Count": True}, "Request.Count is True, expected an integer"),
        ({"Rate": "fast"}, "Request.Rate is 'fast', expected a number"),
        ({"Enabled": "yes"}, "Request.Enabled is 'yes', expected true or false"),
        ({"Words": "a=b"}, "Request.Words is 'a=b', expected an object"),
        ({"Nested": "x"}, "Request.Nested is 'x', expected a list"),
        ({"Name": None}, "Request.Name is None, expected a string"),
        ({"Name": ["x"]}, "Request.Name is ['x'], expected a string"),
        ("text", "Request is 'text', expected an object"),
    ],
)
def test_a_wrong_request_is_refused_by_name(value: object, problem: str) -> None:
    with pytest.raises(CoercionError) as caught:
        coerce(value, SHAPE)
    assert problem in str(caught.value)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(CoercionError) as caught:
        coerce({"Count": "x", "Enabled": "maybe", "Words": {"a": "b"}}, SHAPE)
    assert "Request.Count" in str(caught.value)
    assert "Request.Enabled" in str(caught.value)
    assert "Words" not in str(caught.value)
