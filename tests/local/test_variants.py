import random
from typing import Any, cast

import pytest

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting.variants import Host, Variant, choose


class Weighted(Variant):
    """A variant that has a weight and nothing else."""

    def __init__(self, weight: float) -> None:
        self.weight = weight


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


@pytest.mark.parametrize(("code", "serves"), [(None, True), (0, False), (137, False)])
def test_a_host_that_ended_is_not_used_again(code: int | None, serves: bool) -> None:
    model = {"PrimaryContainer": {"Image": "image"}}
    variant = {"VariantName": "a", "InstanceType": "ml.m5.large"}
    host = Host("endpoint", variant, model, cast(Any, None))
    assert not host.serves(variant, model)  # it was never started
    host._container = cast(Any, Ended(code))
    assert host.serves(variant, model) == serves
    assert not host.serves(variant, dict(model))  # another model of the same name
