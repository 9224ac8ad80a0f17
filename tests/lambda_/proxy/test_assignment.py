"""Who meets which variant, where the API says it."""

import json
from collections import Counter
from math import sqrt
from typing import Any

import pytest
from botocore.stub import Stubber

from proxy import formats
from proxy.api import Api
from proxy.assignment import sticky_variant, variant_by_weight
from proxy.catalog import Variant
from proxy.routes import INVOKE_VARIANT

from .calls import answer, call, error
from .conftest import IRIS, Parameters

ASSIGNED = [*"bbaabbaa"]
USERS = [f"user-{number}" for number in range(10_000)]
ROWS = "Sepal.Width,Species\n" + "".join(f"{number}.5,setosa\n" for number in range(6))


def variants(**weights: float) -> tuple[Variant, ...]:
    return tuple(Variant(name, "model", weight, "1", "s3://") for name, weight in weights.items())


def assigned(**weights: float) -> list[str]:
    return [sticky_variant(user, "iris", variants(**weights)) for user in USERS]


@pytest.mark.parametrize("weights", [{"a": 3, "b": 1}, {"a": 1, "b": 1, "c": 2}, {"a": 0.1}])
def test_the_weights_say_how_many_users_meet_each_variant(weights: dict[str, float]) -> None:
    counted = Counter(assigned(**weights))
    for name, weight in weights.items():
        share = weight / sum(weights.values())
        deviation = sqrt(len(USERS) * share * (1 - share))
        assert abs(counted[name] - len(USERS) * share) <= 4 * deviation


def test_a_user_always_meets_the_same_variant() -> None:
    assert assigned(a=3, b=1) == assigned(a=3, b=1) == assigned(b=1, a=3)
    # written down: what was assigned before a deploy of the API is assigned after it
    assert assigned(a=1, b=1)[:8] == ASSIGNED


def test_a_change_of_weights_moves_users_to_what_gained_and_no_others() -> None:
    before, after = assigned(a=3, b=1, c=1), assigned(a=3, b=2, c=1)
    moved = Counter((old, new) for old, new in zip(before, after, strict=True) if old != new)
    assert {new for _, new in moved} == {"b"}
    assert moved.total() == Counter(after)["b"] - Counter(before)["b"]


def test_a_variant_of_no_weight_is_met_by_nobody() -> None:
    assert set(assigned(a=1, b=0)) == {"a"}
    assert {variant_by_weight(variants(a=1, b=0)) for _ in range(100)} == {"a"}


def test_the_sticky_key_chooses_the_variant_that_is_asked(
    api: Api, parameters: Parameters, runtime: Stubber
) -> None:
    parameters.hold([IRIS])
    asked = variants(mars=3, linear=1)
    for user in USERS[:8]:
        answer(runtime, TargetVariant=sticky_variant(user, "iris", asked))
        assert call(api, X_Sticky_Key=user)["statusCode"] == 200


def test_an_only_variant_is_not_named(api: Api, parameters: Parameters, runtime: Stubber) -> None:
    parameters.hold([IRIS | {"variants": IRIS["variants"][:1]}])
    answer(runtime)
    assert call(api, X_Sticky_Key="user-1")["statusCode"] == 200


@pytest.mark.parametrize("key", ["", "two words", "ü", "x" * 257, "a, b"])
def test_what_is_no_key_is_refused(api: Api, parameters: Parameters, key: str) -> None:
    parameters.hold([IRIS])
    response = call(api, X_Sticky_Key=key)
    assert response["statusCode"] == 400
    assert error(response)["code"] == "invalid_header"


def test_the_route_of_a_variant_asks_it_whatever_the_key(
    api: Api, parameters: Parameters, runtime: Stubber
) -> None:
    parameters.hold([IRIS])
    for user in USERS[:4]:
        answer(runtime, TargetVariant="linear")
        path = {"variant": "linear"}
        response = call(api, resource=INVOKE_VARIANT, path=path, X_Sticky_Key=user)
        assert response["statusCode"] == 200


@pytest.mark.parametrize("weights", [(1, 0), (0, 1)])
def test_all_parts_of_a_body_meet_one_variant_that_the_weights_choose(
    api: Api,
    parameters: Parameters,
    runtime: Stubber,
    monkeypatch: pytest.MonkeyPatch,
    weights: tuple[int, int],
) -> None:
    monkeypatch.setattr("proxy.invocation.MAX_BYTES", 45)
    weighed: list[Any] = [
        variant | {"weight": weight}
        for variant, weight in zip(IRIS["variants"], weights, strict=True)
    ]
    parameters.hold([IRIS | {"variants": weighed}])
    chosen = "mars" if weights[0] else "linear"
    for at in (0, 2, 4):
        rows = f"{at}.5,setosa\n{at + 1}.5,setosa\n"
        body = f"Sepal.Width,Species\n{rows}".encode()
        told = b'{"predictions":[%d,%d.50]}' % (at, at + 1)
        answer(runtime, told, Body=body, TargetVariant=chosen)
    response = call(api, body=ROWS)
    assert json.loads(response["body"])["predictions"] == [0, 1.5, 2, 3.5, 4, 5.5]
    assert "[0,1.50,2,3.50,4,5.50]" in response["body"]


def test_a_serverless_endpoint_gets_smaller_parts(
    api: Api, parameters: Parameters, runtime: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert formats.MAX_SERVERLESS_BYTES < formats.MAX_BYTES
    monkeypatch.setattr("proxy.invocation.MAX_SERVERLESS_BYTES", 70)
    serverless = {"kind": "serverless", "variants": IRIS["variants"][:1]}
    parameters.hold([IRIS | serverless])
    for numbers in (range(4), range(4, 6)):
        rows = "".join(f"{number}.5,setosa\n" for number in numbers)
        body = f"Sepal.Width,Species\n{rows}".encode()
        told = json.dumps({"predictions": [*numbers]}).encode()
        answer(runtime, told, Body=body)
    assert json.loads(call(api, body=ROWS)["body"])["predictions"] == [*range(6)]
