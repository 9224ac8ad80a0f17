"""What a function's log group keeps in the embedded AWS."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ministack.services import cloudwatch_logs, lambda_svc

from local.patches import function_logs

GROUP = "/app/function"
FUNCTION = {"config": {"FunctionName": "function", "LoggingConfig": {"LogGroup": GROUP}}}

Emit = Callable[[], None]


@pytest.fixture
def emit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emit]:
    """Write the log of one invocation."""
    monkeypatch.setattr(lambda_svc, "_emit_lambda_logs", lambda_svc._emit_lambda_logs)
    function_logs._keep_the_newest()
    yield lambda: lambda_svc._emit_lambda_logs(FUNCTION, "1", "line", False, 1)
    cloudwatch_logs._log_groups.pop(GROUP, None)


def create_group() -> None:
    cloudwatch_logs._log_groups[GROUP] = {"streams": {}, "subscriptionFilters": {}}


def test_the_newest_invocations_are_kept(emit: Emit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function_logs, "KEPT", 3)
    create_group()
    written: list[str] = []
    for _ in range(5):
        emit()
        written.append(list(cloudwatch_logs._log_groups[GROUP]["streams"])[-1])
    assert list(cloudwatch_logs._log_groups[GROUP]["streams"]) == written[-3:]


def test_a_line_that_comes_late_makes_no_group(emit: Emit) -> None:
    emit()
    assert GROUP not in cloudwatch_logs._log_groups


def test_a_line_that_meets_the_deletion_of_its_group_makes_no_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emit = lambda_svc._emit_lambda_logs

    def deleted_before(*arguments: Any) -> None:
        del cloudwatch_logs._log_groups[GROUP]
        emit(*arguments)

    monkeypatch.setattr(lambda_svc, "_emit_lambda_logs", deleted_before)
    function_logs._keep_the_newest()
    create_group()
    lambda_svc._emit_lambda_logs(FUNCTION, "1", "line", False, 1)
    assert GROUP not in cloudwatch_logs._log_groups
