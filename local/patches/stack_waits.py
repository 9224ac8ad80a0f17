"""The CDK's CLI hears of a stack's end when it ends, not up to five seconds later.

It asks every five seconds, which is little beside what AWS takes for a stack. Here many a stack is
done before the second question. The first one is not answered while the stack is in work.
"""

import asyncio
import time
from typing import Any

from ministack import app

HOLD = 20.0
"""Seconds that the CLI waits for an answer at most; then it asks again."""
INTERVAL = 0.05

_CLI = "aws-cdk/"


def apply() -> None:
    """Answer the CLI's DescribeStacks, and nobody else's, when the stack is no longer in work."""
    handle_request = app.SERVICE_HANDLERS["cloudformation"]

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Any:
        answered = await handle_request(method, path, headers, body, query_params)
        until = time.monotonic() + HOLD
        if _CLI in headers.get("user-agent", "") and b"Action=DescribeStacks&" in body:
            while in_work(answered[2]) and time.monotonic() < until:
                await asyncio.sleep(INTERVAL)
                answered = await handle_request(method, path, headers, body, query_params)
        return answered

    app.SERVICE_HANDLERS["cloudformation"] = handle


def in_work(described: bytes) -> bool:
    """Whether an answer of DescribeStacks has a stack that is being made, changed or deleted."""
    reviewed = described.replace(b"REVIEW_IN_PROGRESS", b"")
    return b"_IN_PROGRESS</StackStatus>" in reviewed
