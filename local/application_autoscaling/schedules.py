"""PutScheduledAction, DeleteScheduledAction, DescribeScheduledActions, and when one is due."""

import uuid
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge

from local.application_autoscaling import targets
from local.application_autoscaling.targets import LOCK, Record
from local.sagemaker.errors import invalid, not_supported
from local.sagemaker.validation import now


def put(request: Record) -> Record:
    """PutScheduledAction: makes an action or replaces it whole. Raises SageMakerError."""
    schedule = request.get("Schedule", "")
    if not schedule.startswith("cron("):
        raise not_supported(f"schedules but cron(...): found {schedule!r}")
    if eventbridge._parse_cron_fields(schedule) is None:
        raise invalid(f"Invalid schedule expression: {schedule}")
    _zone(request)
    action = request.get("ScalableTargetAction", {})
    if not action:
        raise invalid("ScalableTargetAction with MinCapacity, MaxCapacity or both is required")
    targets.assert_ordered(action)
    name = request["ScheduledActionName"]
    with LOCK:
        target = targets.find(request)
        known = target.scheduled_actions.get(name, {})
        arn = (
            f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scheduledAction:{uuid.uuid4()}:"
            f"resource/sagemaker/{request['ResourceId']}:scheduledActionName/{name}"
        )
        target.scheduled_actions[name] = {
            "ScheduledActionARN": known.get("ScheduledActionARN", arn),
            "CreationTime": known.get("CreationTime", now()),
            **request,
        }
    return {}


def delete(request: Record) -> Record:
    """DeleteScheduledAction."""
    with LOCK:
        target = targets.find(request)
        if target.scheduled_actions.pop(request["ScheduledActionName"], None) is None:
            name = request["ScheduledActionName"]
            raise targets.not_found("scheduled action", request, f", scheduled action name: {name}")
    return {}


def describe(request: Record) -> Record:
    """DescribeScheduledActions, all at once."""
    names = request.get("ScheduledActionNames")
    found = [
        action
        for target in targets.of_request(request)
        for action in target.scheduled_actions.values()
        if not names or action["ScheduledActionName"] in names
    ]
    return {"ScheduledActions": targets.with_dimension(found, request)}


def is_due(action: Record, since: float, until: float) -> bool:
    """Whether a schedule names a moment after `since` and not after `until` (both since 1970)."""
    fields = eventbridge._parse_cron_fields(action["Schedule"])
    zone = _zone(action)
    # the walk over the fields goes from minute to minute, of the time on the wall there
    local = datetime.fromtimestamp(since, zone).replace(tzinfo=UTC)
    following = eventbridge._cron_next_fire(fields, local)
    if following is None:
        return False
    return bool(following.replace(tzinfo=zone).timestamp() <= until)


def _zone(request: Record) -> ZoneInfo:
    name = request.get("Timezone", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise invalid(f"Invalid timezone: {name}") from error
