"""What is counted of invocations, and how much of it is kept."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sagemaker.hosting.metrics import FINE, KEPT, Invocation, Series, Statistics, values
from tests.local.conftest import Account, settled

ONE = Statistics(1, 1, 1, 1)


@pytest.mark.parametrize(
    ("status", "errors"),
    [(200, ""), (400, "4XX"), (499, "4XX"), (500, "5XX"), (503, "5XX"), (0, "5XX")],
)
def test_each_invocation_counts_as_an_error_or_not(status: int, errors: str) -> None:
    found = {name: value for name, _, value in values(Invocation(status, 0.25, 0.001, 2))}
    assert found == {
        "Invocations": 1,
        "InvocationsPerInstance": 0.5,
        "Invocation4XXErrors": int(errors == "4XX"),
        "Invocation5XXErrors": int(errors == "5XX"),
        "InvocationModelErrors": int(errors != ""),
        "ModelLatency": 250_000,
        "OverheadLatency": 1_000,
    }


@given(st.lists(st.integers(0, 1_000), min_size=1))
def test_nothing_is_lost_while_points_become_coarser(gaps: list[int]) -> None:
    series, second = Series("None", {}), 1_000_000
    for gap in gaps:
        second += gap
        series.add(second, ONE)
    if sum(gaps) < KEPT - 60:
        assert sum(point["_stat"]["Sum"] for point in series.points()) == len(gaps)


def test_a_day_of_requests_takes_no_more_than_three_hours() -> None:
    series = Series("None", {})
    most = 0
    for second in range(0, 86_400, 3):
        series.add(1_000_000 + second, ONE)
        most = max(most, len(series._points))
    assert most <= FINE + KEPT / 60 + 2
    assert max(point["Timestamp"] for point in series.points()) == 1_000_000 + 86_397


def test_an_endpoints_requests_are_in_cloudwatch_by_variant(account: Account) -> None:
    account.serve("counted", hello="Hello", ciao="Ciao")
    for body, variant in ((b"1", "hello"), (b"2", "hello"), (b"500", "hello"), (b"1", "ciao")):
        try:
            account.ask("counted", body, TargetVariant=variant)
        except account.runtime.exceptions.ModelError:
            assert body == b"500"
    found = settled(
        lambda: {
            "hello": sums(account, "counted", "hello"),
            "ciao": sums(account, "counted", "ciao"),
        },
        lambda found: (
            (found["hello"].get("Invocations"), found["ciao"].get("Invocations")) == (3, 1)
        ),
    )
    assert found["hello"]["Invocation5XXErrors"] == found["hello"]["InvocationModelErrors"] == 1
    assert found["hello"]["Invocation4XXErrors"] == found["ciao"]["Invocation5XXErrors"] == 0
    assert 0 < found["ciao"]["ModelLatency"] < 10_000_000


def test_a_fleets_requests_can_be_told_from_those_of_the_other_fleet(account: Account) -> None:
    account.serve("fleets", v="Old")
    account.ask("fleets", b"1")
    account.configure("fleets-2", v="New")
    account.sagemaker.update_endpoint(EndpointName="fleets", EndpointConfigName="fleets-2")
    account.endpoint("fleets")
    for _ in range(2):
        account.ask("fleets", b"1")

    def invocations() -> dict[str, Any]:
        configs: tuple[dict[str, str], ...]
        configs = ({}, {"EndpointConfigName": "fleets"}, {"EndpointConfigName": "fleets-2"})
        found = [sums(account, "fleets", "v", **config) for config in configs]
        return {"found": [each.get("Invocations") for each in found]}

    settled(invocations, lambda counts: counts["found"] == [3, 1, 2])


def sums(account: Account, endpoint: str, variant: str, **more: str) -> dict[str, Any]:
    """The sum of each metric of a variant, of those with these dimensions and no others."""
    cloudwatch = account.aws.client("cloudwatch")
    wanted = {"EndpointName": endpoint, "VariantName": variant, **more}
    dimensions = [{"Name": name, "Value": value} for name, value in wanted.items()]
    found = cloudwatch.list_metrics(Namespace="AWS/SageMaker", Dimensions=dimensions)["Metrics"]
    metrics = [metric for metric in found if len(metric["Dimensions"]) == len(wanted)]
    queries = [
        {
            "Id": f"m{number}",
            "Label": metric["MetricName"],
            "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"},
        }
        for number, metric in enumerate(metrics)
    ]
    if not queries:
        return {}
    results = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=0, EndTime=4_000_000_000
    )["MetricDataResults"]
    return {result["Label"]: sum(result["Values"]) for result in results}
