"""The time that an answer may take, whatever it is spent on."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

# API Gateway gives up after 29 s, of which a cold start may have taken two before a request is here
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
ANSWER_SECONDS = 27.0


class OutOfTimeError(BaseException):
    """The answer took too long.

    No Exception: botocore would take it for a connection that failed, and try once more.
    """


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError from whatever is being done after so many seconds.

    The time-outs of the clients do not add up to a limit: each address of a host, each page of the
    catalog and each attempt has its own, and a read's begins anew with every byte. The alarm is the
    process's only one and needs its main thread, in which Lambda calls a handler.
    """
    before = signal.signal(signal.SIGALRM, _out_of_time)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _out_of_time(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise OutOfTimeError
