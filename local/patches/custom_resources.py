"""A custom resource whose Lambda crashes fails at once; its events can be delivered twice."""

import logging
import os
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource

from local.faults import Faults

logger = logging.getLogger(__name__)


def apply() -> None:
    """Answer CloudFormation in the name of a function that ended without answering."""
    execute = lambda_svc._execute_function_with_config_scope
    twice = Faults.of(os.environ).duplicate > 0

    # As on AWS, a function that fails before it answers leaves the stack waiting for an hour. Here
    # somebody is waiting at a terminal: its error becomes the resource's at once.
    def executed(func: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        by_cloudformation = _called_by_cloudformation(func, event)
        if twice and by_cloudformation:  # as AWS may do, which promises "at least once"
            logger.warning("fault: delivered twice: %s", event["LogicalResourceId"])
            execute(func, event)
        result: dict[str, Any] = execute(func, event)
        if result.get("error") and by_cloudformation:
            body = result.get("body")
            reason = body.get("errorMessage") if isinstance(body, dict) else body
            custom_resource.deliver_response(
                event["ResponseURL"].rpartition("/")[2],
                {
                    "Status": "FAILED",
                    "Reason": f"the custom resource's function failed without answering: {reason}",
                },
            )
        return result

    lambda_svc._execute_function_with_config_scope = executed


def _called_by_cloudformation(func: dict[str, Any], event: Any) -> bool:
    # The Provider framework hands the same event on to functions whose errors are its own matter.
    if not isinstance(event, dict):
        return False
    if "/_ministack/cfn-response/" not in event.get("ResponseURL", ""):
        return False
    called = (func.get("config") or func).get("FunctionArn")
    return bool(event.get("ResourceProperties", {}).get("ServiceToken") == called)
