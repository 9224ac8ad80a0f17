"""The alarms on an endpoint's variants, and who is told of them."""

import re
from typing import Any

from tests.stacks.conftest import Resource, Synth

GUARDED, ASYNCHRONOUS = "sagestack-guarded", "sagestack-asynchronous"
BUILTIN = "sagestack-builtin"


def _alarms(synth: Synth, stack: str) -> dict[str, Resource]:
    """The logical ids and properties of the alarms that roll back, by their metric."""
    return {
        resource["Properties"]["MetricName"]: {"Ref": logical_id, **resource["Properties"]}
        for logical_id, resource in synth.template(stack)["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "EndpointAlarms" in logical_id
    }


def _deployment(synth: Synth, stack: str) -> dict[str, Any]:
    (endpoint,) = synth.resources("AWS::SageMaker::Endpoint", stack)
    found: dict[str, Any] = endpoint["Properties"]["DeploymentConfig"]
    return found


def test_errors_of_a_variant_raise_an_alarm(synth: Synth) -> None:
    alarm = _alarms(synth, GUARDED)["Invocation5XXErrors"]
    assert alarm["Namespace"] == "AWS/SageMaker"
    assert alarm["Dimensions"] == [
        {"Name": "EndpointName", "Value": "sagestack-guarded"},
        {"Name": "VariantName", "Value": "first"},
    ]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 3)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (120, 2)


def test_the_metric_of_latency_is_in_microseconds(synth: Synth) -> None:
    alarm = _alarms(synth, GUARDED)["ModelLatency"]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Average", 250_500)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_an_endpoint_that_nobody_asks_raises_no_alarm(synth: Synth) -> None:
    for stack in (GUARDED, ASYNCHRONOUS, BUILTIN):
        for alarm in _alarms(synth, stack).values():
            assert alarm["TreatMissingData"] == "notBreaching"


def test_an_alarm_says_of_what_it_is_and_where_to_look(synth: Synth) -> None:
    for alarm in _alarms(synth, GUARDED).values():
        said = alarm["AlarmDescription"]
        assert said.startswith("Variant first of the endpoint sagestack-guarded ")
        assert said.endswith("/aws/sagemaker/Endpoints/sagestack-guarded.")
        assert re.search(
            r"gives 3 answers of status 500 or above in 120 s|more than 250\.5 ms", said
        )
        assert len(said) <= 1024


def test_a_deployment_has_an_alarm_without_asking(synth: Synth) -> None:
    assert _alarms(synth, ASYNCHRONOUS).keys() == {"Invocation5XXErrors"}


def test_every_alarm_and_the_users_own_roll_an_update_back(synth: Synth) -> None:
    alarms = _alarms(synth, GUARDED)
    assert _deployment(synth, GUARDED)["AutoRollbackConfiguration"]["Alarms"] == [
        *({"AlarmName": {"Ref": alarm["Ref"]}} for alarm in alarms.values()),
        {"AlarmName": "orders-drop"},
        {"AlarmName": "Everything is well"},
    ]


def test_alarms_roll_back_without_a_strategy_too(synth: Synth) -> None:
    alarms = _alarms(synth, BUILTIN)
    assert alarms.keys() == {"Invocation5XXErrors", "ModelLatency"}
    assert _deployment(synth, BUILTIN) == {
        "AutoRollbackConfiguration": {
            "Alarms": [{"AlarmName": {"Ref": alarm["Ref"]}} for alarm in alarms.values()]
        }
    }


def test_cloudformation_names_the_alarms(synth: Synth) -> None:
    for alarm in synth.resources("AWS::CloudWatch::Alarm"):
        assert "AlarmName" not in alarm["Properties"]
