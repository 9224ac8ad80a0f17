import random
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting import runtime
from local.sagemaker.hosting.host import Host
from local.sagemaker.hosting.metrics import Invocation
from local.sagemaker.hosting.variants import Variant, choose

SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}


@dataclass(eq=False)
class Weighted:
    """A variant that has a weight and nothing else."""

    weight: float


def test_each_variant_gets_its_share_within_three_standard_deviations() -> None:
    variants = [Weighted(1), Weighted(0), Weighted(3)]
    draw = random.Random(1)
    chosen = [choose(variants, draw.random()) for _ in range(4000)]
    counts = [chosen.count(variant) for variant in variants]
    assert counts[1] == 0
    assert abs(counts[2] - 3000) < 3 * (4000 * 0.75 * 0.25) ** 0.5


@pytest.mark.parametrize("number", [0, 0.5, 1 - 2**-53, 1])
def test_a_variant_without_weight_is_never_chosen(number: float) -> None:
    variants = [Weighted(0), Weighted(0.1), Weighted(0.2), Weighted(0)]
    assert choose(variants, number).weight > 0


def test_variants_that_all_have_no_weight_are_an_error() -> None:
    with pytest.raises(SageMakerError, match="every production variant has the weight 0"):
        choose([Weighted(0)], 0.5)


class Ended:
    """A container, running or ended with an exit code."""

    def __init__(self, code: int | None) -> None:
        self._code = code

    def wait(self, timeout: float) -> int | None:
        assert timeout == 0
        return self._code


def test_a_host_that_is_stopped_sends_the_request_to_the_next_one() -> None:
    variant = {"VariantName": "a", "InitialVariantWeight": 1.0}
    host = Host("endpoint", variant, {"PrimaryContainer": {"Image": "image"}}, cast(Any, None))
    host.stop()
    counted: list[Invocation] = []
    old = Variant(variant, host, counted.append)
    new = Variant(variant, cast(Any, Answering()), counted.append)
    endpoint = cast(Any, OneByOne([old, new]))
    answered, answer = runtime._ask(endpoint, None, b"1", {}, time.monotonic())
    assert (answered, answer.status) == (new, 200)
    assert [invocation.status for invocation in counted] == [200]


def test_a_server_without_an_answer_is_an_error_that_counts() -> None:
    variant = {"VariantName": "a", "InitialVariantWeight": 1.0}
    host = Host("endpoint", variant, {"PrimaryContainer": {"Image": "image"}}, cast(Any, None))
    counted: list[Invocation] = []
    endpoint = cast(Any, OneByOne([Variant(variant, host, counted.append)]))
    with pytest.raises(runtime.ModelError, match="being started again"):
        runtime._ask(endpoint, None, b"1", {}, time.monotonic())
    assert [invocation.status for invocation in counted] == [0]


@pytest.mark.parametrize(
    ("given", "change", "message"),
    [
        ({}, {"DesiredInstanceCount": 0}, "at least 1, found 0"),
        ({}, {"ServerlessUpdateConfig": {}}, "has instances, and takes no ServerlessUpdateConfig"),
        (SERVERLESS, {"DesiredInstanceCount": 2}, "is serverless, and takes no Desired"),
        (
            SERVERLESS,
            {"ServerlessUpdateConfig": {"ProvisionedConcurrency": 6}},
            "at most its MaxConcurrency, 5; found 6",
        ),
    ],
)
def test_a_variant_takes_only_what_its_kind_has(
    given: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    record = {"VariantName": "a", "InitialVariantWeight": 1.0, **given}
    variant = Variant(record, cast(Any, None), lambda _: None)
    with pytest.raises(SageMakerError, match=message):
        variant.assert_desirable(change, asynchronous=False)


def test_an_asynchronous_endpoint_can_do_without_instances() -> None:
    record = {"VariantName": "a", "InitialVariantWeight": 1.0, "InitialInstanceCount": 1}
    variant = Variant(record, cast(Any, None), lambda _: None)
    variant.assert_desirable({"DesiredInstanceCount": 0}, asynchronous=True)
    variant.desire({"DesiredInstanceCount": 0})
    variant.settle()
    assert variant.current_instances == 0


class OneByOne:
    """An endpoint that chooses one variant after the other."""

    def __init__(self, variants: list[Variant]) -> None:
        self._variants = iter(variants)

    def variant(self, target: str | None) -> Variant:
        assert target is None
        return next(self._variants)


class Answering:
    """A host that answers."""

    def invoke(self, body: bytes, *_rest: object) -> Any:
        assert body == b"1"
        return SimpleNamespace(status=200)


@pytest.mark.parametrize(("code", "serves"), [(None, True), (0, False), (137, False)])
def test_a_host_that_ended_is_not_used_again(code: int | None, serves: bool) -> None:
    model = {"PrimaryContainer": {"Image": "image"}}
    variant = {"VariantName": "a", "InstanceType": "ml.m5.large"}
    host = Host("endpoint", variant, model, cast(Any, None))
    assert not host.serves(variant, model)  # it was never started
    host._container = cast(Any, Ended(code))
    assert host.serves(variant, model) == serves
    assert not host.serves(variant, dict(model))  # another model of the same name
