"""Calls the proxy's handler and the endpoint itself in turn, with what a function has to import.

`python -P -S benchmarks/proxy_calls.py` with the function's environment and, on its input, the
bodies as JSON and as the CSV that the proxy makes of it; prints the medians as JSON.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from proxy.clients import Clients
from proxy.handler import handle

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

WARM_UP, CALLS = 100, 400


Call = Callable[[], object]


def main() -> None:
    """Measure each of the bodies."""
    asked = json.load(sys.stdin)
    runtime = Clients.connect().runtime
    results = {}
    with open(os.devnull, "w") as log, contextlib.redirect_stdout(log):
        for name, body in asked["bodies"].items():
            event, content = _event(asked["workload"], body["json"]), body["csv"].encode()
            assert handle(event, None)["statusCode"] == 200
            results[name] = _compared(
                partial(handle, event, None),
                partial(_invoke, runtime, asked["endpoint"], content),
            )
    print(json.dumps(results))


def _invoke(runtime: "SageMakerRuntimeClient", endpoint: str, content: bytes) -> bytes:
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="text/csv", Accept="application/json", Body=content
    )
    return answer["Body"].read()


def _compared(ours: Call, bare: Call) -> dict[str, float]:
    for _ in range(WARM_UP):
        bare()
        ours()
    timed = []
    for number in range(CALLS):
        if number % 2:  # each is first as often as the other
            handled, answered = _timed(ours), _timed(bare)
        else:
            answered, handled = _timed(bare), _timed(ours)
        timed.append((handled, answered))
    return {
        "handler": median(handled for handled, _ in timed),
        "bare": median(answered for _, answered in timed),
        "overhead": median(handled - answered for handled, answered in timed),
    }


def _timed(call: Call) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _event(workload: str, body: str) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "resource": "/workloads/{name}/invocations",
        "pathParameters": {"name": workload},
        "multiValueHeaders": {
            "Content-Type": ["application/json"],
            "Accept": ["application/json"],
        },
        "body": body,
        "isBase64Encoded": False,
        "requestContext": {"requestId": "request"},
    }


if __name__ == "__main__":
    main()
