"""A function writes to the log group that it is configured with only while that group exists."""

from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc


def apply() -> None:
    """Drop the lines of a function whose own log group has been deleted."""
    emit = lambda_svc._emit_lambda_logs

    # MiniStack makes the group anew, whatever the function's role may do. On AWS a late line makes
    # no group unless the role has logs:CreateLogGroup, which the functions of the stacks lack.
    def emitted(func: dict[str, Any], *arguments: Any, **options: Any) -> None:
        configured = (func.get("config") or func).get("LoggingConfig") or {}
        group = configured.get("LogGroup")
        if group is None or group in cloudwatch_logs._log_groups:
            emit(func, *arguments, **options)

    lambda_svc._emit_lambda_logs = emitted
