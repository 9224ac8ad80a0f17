"""Which fleet of an update has which requests."""

import threading
from fractions import Fraction
from typing import Any, cast

import pytest

from local.sagemaker.hosting.deployment_plan import plan_of
from local.sagemaker.hosting.fleet import Fleet, Route
from local.sagemaker.hosting.update import Update
from local.sagemaker.hosting.variants import Variant
from tests.local.test_deployment_plan import blue_green, percent, rolling

CANARY = blue_green("CANARY", CanarySize=percent(30))


def fleet(instances: int = 1, **weights: float) -> Fleet:
    variants = [
        Variant(
            {
                "VariantName": name,
                "InitialVariantWeight": weight,
                "InitialInstanceCount": instances,
            },
            cast(Any, f"host of {name}"),
            lambda _: None,
        )
        for name, weight in weights.items()
    ]
    return Fleet({"EndpointConfigName": "config"}, tuple(variants), ())


def shifted(
    old: Fleet | None, new: Fleet, config: dict[str, Any], share: Fraction
) -> tuple[Route, ...]:
    found: list[tuple[Route, ...]] = []
    plan = plan_of(config, new.counts)
    update = Update(old, new, plan, found.append, threading.Event())
    update.shift(dict.fromkeys(new.counts, share))
    return found[0]


@pytest.mark.parametrize("share", [Fraction(0), Fraction(3, 10), Fraction(1)])
def test_both_fleets_have_all_requests_between_them(share: Fraction) -> None:
    old, new = fleet(a=1, b=3), fleet(a=1, b=1)
    routes = shifted(old, new, CANARY, share)
    assert sum(route.weight for route in routes) == pytest.approx(1)
    ours = [route for route in routes if route.variant in new.variants]
    assert sum(route.weight for route in ours) == pytest.approx(float(share))
    for name in "ab":
        both = [route.share for route in routes if route.variant.name == name]
        assert sum(both) == pytest.approx(1)


def test_each_fleet_has_its_own_weights_while_they_share() -> None:
    old, new = fleet(a=1, b=3), fleet(a=1, b=1)
    routes = shifted(old, new, CANARY, Fraction(1, 2))
    assert [route.weight for route in routes] == pytest.approx([0.25, 0.25, 0.125, 0.375])


def test_an_update_all_at_once_may_name_its_variants_anew() -> None:
    routes = shifted(fleet(a=1), fleet(b=1), {}, Fraction(1))
    assert [(route.variant.name, route.weight) for route in routes] == [("b", 1)]


def test_only_a_rolling_update_has_fewer_instances_of_the_old_fleet_meanwhile() -> None:
    for config, expected in ((rolling(percent(50)), (2, 2)), (CANARY, (4, 4))):
        old, new = fleet(4, a=1), fleet(4, a=1)
        for variant in (*old.variants, *new.variants):
            variant.settle()
        shifted(old, new, config, Fraction(1, 2))
        assert (new.variants[0].current_instances, old.variants[0].current_instances) == expected
