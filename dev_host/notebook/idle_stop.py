"""Stops the notebook instance when Jupyter has been idle for a while; on-start.sh starts it.

usage: idle_stop.py <notebook instance> <region> <minutes>

It runs with a Python of SageMaker's, which may be as old as 3.9.
"""

import json
import ssl
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

# the address that notebook instances have their Jupyter at; it asks nobody of the host for a token
JUPYTER = "https://localhost:8443"
INTERVAL = 60
"""Seconds between two looks."""


def idle_for(
    minutes: float, last_active: Callable[[], float], clock: Callable[[], float]
) -> Iterator[bool]:
    """Look each time that the caller asks, and tell whether nothing was active for so long.

    `last_active` tells by the same clock when something was. The start counts as well.
    """
    active = clock()
    while True:
        yield clock() - active >= minutes * 60
        active = max(active, last_active())


def last_active(jupyter: str, clock: Callable[[], float]) -> float:
    """Ask Jupyter when its kernels and terminals were last active: now, for one that computes.

    A terminal is active when something is typed or printed. With neither it was never.
    """
    try:
        kernels = [session["kernel"] for session in _asked(f"{jupyter}/api/sessions")]
        terminals = _asked(f"{jupyter}/api/terminals")
    except (OSError, ValueError) as error:  # it starts, or hangs: then nobody works with it either
        print(f"Jupyter does not answer: {error}")
        return 0.0
    if any(kernel["execution_state"] == "busy" for kernel in kernels):
        return clock()
    moments = (each["last_activity"].replace("Z", "+00:00") for each in (*kernels, *terminals))
    return max((datetime.fromisoformat(moment).timestamp() for moment in moments), default=0.0)


def _asked(url: str) -> Any:
    with _opener().open(url, timeout=10) as answer:
        return json.load(answer)


@cache
def _opener() -> urllib.request.OpenerDirector:
    """Return what opens a URL of this host: by no proxy, and with a certificate of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )


def main(notebook: str, region: str, minutes: str) -> None:
    """Look each minute, until it is time to stop; and again, should it not be stopped then."""
    sagemaker = boto3.client("sagemaker", region_name=region)
    for idle in idle_for(float(minutes), lambda: last_active(JUPYTER, time.time), time.time):
        if idle:
            print(f"nothing was active for {minutes} minutes: stopping", flush=True)
            try:
                sagemaker.stop_notebook_instance(NotebookInstanceName=notebook)
            except (BotoCoreError, ClientError) as error:  # the next minute may do better
                print(f"not stopped: {error}", flush=True)
        time.sleep(INTERVAL)


if __name__ == "__main__":
    main(*sys.argv[1:])
