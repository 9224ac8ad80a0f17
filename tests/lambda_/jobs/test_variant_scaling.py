"""Variants are scaled as asked, and no target is in the way of an update, whatever comes twice."""

from collections.abc import Callable
from copy import deepcopy

import pytest
from botocore.exceptions import ClientError

from jobs import handler, variant_scaling
from jobs.coerce import CoercionError

from .fake_aws import FakeAws
from .fake_jobs import error
from .scaling_events import (
    AFTER,
    BEFORE,
    CONCURRENCY,
    INSTANCES,
    MARS,
    deliver,
    policies,
    runs,
    scaling_event,
    stepped,
    tracked,
)


def test_a_new_variant_is_registered_with_its_policy_in_the_apis_types(aws: FakeAws) -> None:
    deliver(aws, scaling_event(AFTER, tracked(), kind="Create"))
    assert aws.scaling.capacities() == {MARS: (1, 4)}
    (policy,) = policies(aws).values()
    assert policy["PolicyName"] == "iris/mars/target-tracking"
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert (tracking["TargetValue"], tracking["ScaleInCooldown"]) == (70.5, 300)
    assert not aws.scaling.alarms


def test_a_serverless_variant_is_scaled_in_its_provisioned_concurrency(aws: FakeAws) -> None:
    deliver(aws, scaling_event(AFTER, tracked(instance_type=None), kind="Create"))
    assert list(aws.scaling.targets) == [(MARS, CONCURRENCY)]


def test_each_step_policy_has_an_alarm_that_acts_on_it(aws: FakeAws) -> None:
    deliver(aws, scaling_event(AFTER, stepped(), kind="Create"))
    names = ["iris/mars/steps-up", "iris/mars/steps-down"]
    assert list(policies(aws)) == list(aws.scaling.alarms) == names
    for name, alarm in aws.scaling.alarms.items():
        assert alarm["AlarmActions"] == [f"arn:aws:autoscaling:…:{name}"]
        assert (alarm["Threshold"], alarm["Period"]) == (100.0, 60)


def test_a_schedule_is_kept_in_order_and_what_is_no_longer_in_it_goes(aws: FakeAws) -> None:
    deliver(aws, scaling_event(AFTER, stepped(), kind="Create"))
    actions = aws.scaling.targets[MARS, INSTANCES]["actions"]
    assert list(actions) == ["iris-mars-1", "iris-mars-2", "iris-mars-3"]
    assert actions["iris-mars-3"]["Timezone"] == "Europe/Vienna"
    shorter = stepped()
    shorter["ScheduledActions"] = shorter["ScheduledActions"][1:2]
    deliver(aws, scaling_event(AFTER, shorter, old=(stepped(),)))
    assert [each["Schedule"] for each in actions.values()] == ["cron(0 12 ? * MON-FRI *)"]


def test_another_policy_takes_the_place_of_the_old_ones_and_their_alarms(aws: FakeAws) -> None:
    deliver(aws, scaling_event(AFTER, stepped(), kind="Create"))
    deliver(aws, scaling_event(AFTER, tracked(), old=(stepped(),)))
    assert list(policies(aws)) == ["iris/mars/target-tracking"]
    assert not aws.scaling.alarms
    assert not aws.scaling.targets[MARS, INSTANCES]["actions"]


def test_the_new_policy_is_there_before_the_old_one_goes(aws: FakeAws) -> None:
    deliver(aws, scaling_event(AFTER, stepped(), kind="Create"))
    aws.calls.clear()
    deliver(aws, scaling_event(AFTER, tracked(), old=(stepped(),)))
    assert aws.calls.index("PutScalingPolicy") < aws.calls.index("DeleteScalingPolicy")


def test_what_somebody_else_has_added_stays(aws: FakeAws) -> None:
    deliver(aws, scaling_event(AFTER, tracked(), kind="Create"))
    policies(aws)["by-hand"] = {"PolicyName": "by-hand"}
    aws.scaling.targets[MARS, INSTANCES]["actions"]["night"] = {"ScheduledActionName": "night"}
    aws.scaling.alarms["iris/mars-2/steps-up"] = {"AlarmName": "iris/mars-2/steps-up"}
    deliver(aws, scaling_event(AFTER, tracked(), old=(tracked(),)))
    assert list(policies(aws)) == ["iris/mars/target-tracking", "by-hand"]
    assert list(aws.scaling.targets[MARS, INSTANCES]["actions"]) == ["night"]
    deliver(aws, scaling_event(AFTER, tracked(), kind="Delete"))
    assert list(aws.scaling.alarms) == ["iris/mars-2/steps-up"]


def test_before_an_update_only_the_targets_in_its_way_go(aws: FakeAws) -> None:
    old = stepped(), tracked("linear"), tracked("gone")
    deliver(aws, scaling_event(AFTER, *old, kind="Create"))
    larger = stepped() | {"InstanceType": "ml.m5.xlarge"}
    new = larger, tracked("linear") | {"ScalableTarget": {"MinCapacity": 2, "MaxCapacity": 9}}
    deliver(aws, scaling_event(BEFORE, *new, old=old))
    assert aws.scaling.capacities() == {"endpoint/iris/variant/linear": (1, 4)}
    assert not aws.scaling.alarms
    deliver(aws, scaling_event(AFTER, *new, old=old))
    assert aws.scaling.capacities() == {
        "endpoint/iris/variant/linear": (2, 9),
        MARS: (1, 4),
    }
    assert list(aws.scaling.alarms) == ["iris/mars/steps-up", "iris/mars/steps-down"]


def test_a_variant_that_becomes_serverless_loses_its_target_before(aws: FakeAws) -> None:
    deliver(aws, scaling_event(AFTER, tracked(), kind="Create"))
    deliver(aws, scaling_event(BEFORE, tracked(instance_type=None), old=(tracked(),)))
    assert not aws.scaling.targets


def test_what_is_scaled_no_more_has_no_target_in_the_way_of_another_instance_type(
    aws: FakeAws,
) -> None:
    deliver(aws, scaling_event(AFTER, stepped(), kind="Create"))
    before = deepcopy((aws.scaling.targets, aws.scaling.alarms))
    deliver(aws, scaling_event(BEFORE, old=(stepped(),)))
    assert not aws.scaling.targets
    assert not aws.scaling.alarms
    deliver(aws, scaling_event(AFTER, old=(stepped(),)))
    # the check after that fails: both return to what they were, the endpoint in between
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    runs(aws, mars="ml.t2.medium")
    deliver(aws, scaling_event(BEFORE, stepped(), old=()))
    assert not aws.scaling.targets
    runs(aws, mars="ml.m5.large")
    deliver(aws, scaling_event(AFTER, stepped(), old=()))
    assert (aws.scaling.targets, aws.scaling.alarms) == before


def test_nothing_is_done_before_the_first_deploy_or_the_end(aws: FakeAws) -> None:
    deliver(aws, scaling_event(BEFORE, tracked(), kind="Create"))
    deliver(aws, scaling_event(AFTER, tracked(), kind="Create"))
    deliver(aws, scaling_event(BEFORE, tracked(), kind="Delete"))
    assert aws.scaling.capacities() == {MARS: (1, 4)}


def test_the_end_of_a_rollback_puts_nothing_back(aws: FakeAws) -> None:
    runs(aws, mars="ml.m5.large")
    aws.stack_status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    deliver(aws, scaling_event(BEFORE, tracked(), kind="Delete"))
    assert not aws.scaling.targets


def test_a_variant_that_is_gone_has_no_target_after_the_update_either(aws: FakeAws) -> None:
    old = tracked(), tracked("linear")
    deliver(aws, scaling_event(AFTER, *old, kind="Create"))
    deliver(aws, scaling_event(AFTER, tracked(), old=old))
    assert aws.scaling.capacities() == {MARS: (1, 4)}


def test_the_end_leaves_no_target_and_no_alarm(aws: FakeAws) -> None:
    deliver(aws, scaling_event(AFTER, stepped(), tracked("linear"), kind="Create"))
    aws.stack_status = "DELETE_IN_PROGRESS"
    deliver(aws, scaling_event(AFTER, stepped(), tracked("linear"), kind="Delete"))
    assert not aws.scaling.targets
    assert not aws.scaling.alarms


def test_an_update_that_came_to_nothing_gets_its_targets_back(aws: FakeAws) -> None:
    old, new = stepped(), stepped() | {"InstanceType": "ml.m5.xlarge"}
    deliver(aws, scaling_event(AFTER, old, kind="Create"))
    before = deepcopy((aws.scaling.targets, aws.scaling.alarms))
    deliver(aws, scaling_event(BEFORE, new, old=(old,)))
    assert not aws.scaling.targets
    # SageMaker refused the update, or rolled it back; the second resource was never reached
    runs(aws, mars="ml.m5.large")
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    deliver(aws, scaling_event(BEFORE, old, old=(new,)))
    assert (aws.scaling.targets, aws.scaling.alarms) == before


def test_a_rollback_of_the_whole_update_makes_way_before_the_endpoint(aws: FakeAws) -> None:
    old, new = tracked(), tracked(instance_type="ml.m5.xlarge")
    deliver(aws, scaling_event(AFTER, new, kind="Create"))
    runs(aws, mars="ml.m5.xlarge")
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    deliver(aws, scaling_event(BEFORE, old, old=(new,)))
    assert not aws.scaling.targets
    runs(aws, mars="ml.m5.large")
    deliver(aws, scaling_event(AFTER, old, old=(new,)))
    assert aws.scaling.capacities() == {MARS: (1, 4)}


def test_a_rollback_waits_until_the_endpoint_is_settled(aws: FakeAws) -> None:
    runs(aws, "RollingBack", mars="ml.m5.large")
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    event = scaling_event(BEFORE, tracked(), old=(tracked(instance_type="ml.m5.xlarge"),))
    assert variant_scaling.is_complete(event, aws.clients) == {"IsComplete": False}
    assert not aws.scaling.targets
    runs(aws, mars="ml.m5.large")
    deliver(aws, event)
    assert aws.scaling.capacities() == {MARS: (1, 4)}


def test_a_rollback_without_an_endpoint_puts_nothing_back(aws: FakeAws) -> None:
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    deliver(aws, scaling_event(BEFORE, tracked(), old=(tracked("linear"),)))
    assert not aws.scaling.targets


def refusing(code: str, message: str = "") -> Callable[[], None]:
    def refuse() -> None:
        raise error(code, message)

    return refuse


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ThrottlingException", "Rate exceeded"),
        ("ConcurrentUpdateException", "a pending update"),
        ("ValidationException", "Unable to assume IAM role: arn:aws:iam::…"),
    ],
)
@pytest.mark.parametrize("operation", ["RegisterScalableTarget", "PutScalingPolicy"])
def test_what_passes_by_itself_is_asked_again(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch, operation: str, code: str, message: str
) -> None:
    monkeypatch.setattr(handler, "clients", lambda: aws.clients)
    aws.hooks[operation] = refusing(code, message)
    event = scaling_event(AFTER, tracked(), kind="Create")
    assert handler.on_event(event, None) == {"PhysicalResourceId": f"iris-scaling-{AFTER}"}
    assert handler.is_complete(event, None) == {"IsComplete": False}
    assert handler.is_complete(event, None) == {"IsComplete": True}
    assert list(policies(aws)) == ["iris/mars/target-tracking"]


def test_a_refusal_fails_a_deploy_but_never_holds_up_a_rollback(aws: FakeAws) -> None:
    event = scaling_event(AFTER, tracked(), old=(tracked(),))
    aws.hooks["RegisterScalableTarget"] = refusing("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        variant_scaling.is_complete(event, aws.clients)
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    aws.hooks["RegisterScalableTarget"] = refusing("AccessDeniedException")
    assert variant_scaling.is_complete(event, aws.clients) == {"IsComplete": True}


def test_a_request_that_is_not_the_apis_is_named(aws: FakeAws) -> None:
    wrong = tracked() | {"ScalableTarget": {"MinCapacity": "one", "MaxCapacity": 4}}
    with pytest.raises(CoercionError, match="MinCapacity is 'one', expected an integer"):
        variant_scaling.is_complete(scaling_event(AFTER, wrong, kind="Create"), aws.clients)


def test_both_phases_keep_their_names(aws: FakeAws) -> None:
    for phase in (BEFORE, AFTER):
        event = scaling_event(phase, tracked(), kind="Create")
        named = variant_scaling.on_event(event, aws.clients)
        assert named == {"PhysicalResourceId": f"iris-scaling-{phase}"}
    assert variant_scaling.on_event(scaling_event(AFTER, kind="Delete"), aws.clients) == {}
