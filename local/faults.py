"""Faults that a test can have the embedded AWS make: SAGESTACK_FAULTS of the server."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import count

VARIABLE = "SAGESTACK_FAULTS"
"""Like `throttle=3,interrupt=1`; the names are those of Faults."""


@dataclass(frozen=True)
class Faults:
    """How often each fault happens; 0 is never."""

    throttle: int = 0
    """Every so manieth request to the control plane is answered with a ThrottlingException."""
    interrupt: int = 0
    """So often the spot instances of each training job are taken away: as soon as it has written a
    checkpoint, or at once if it has no CheckpointConfig."""
    internal_error: int = 0
    """So many attempts of each training job end with an InternalServerError."""
    duplicate: int = 0
    """Whether CloudFormation delivers each event of a custom resource twice."""
    host_failure: int = 0
    """Whether each EC2 host signals that its set-up failed."""
    host_silence: int = 0
    """Whether no EC2 host signals anything."""
    linger: int = 0
    """A job's or endpoint's network interfaces stay until they have been listed so often after it
    has gone; without it they go by themselves, soon."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Faults":
        """Read the variable. Raises ValueError if it is not understood."""
        text = environment.get(VARIABLE, "")
        known = {field.name for field in fields(cls)}
        given = {}
        for item in filter(None, text.split(",")):
            name, _, number = item.partition("=")
            if name not in known or not number.isdigit():
                raise ValueError(f"{VARIABLE}={text}: {item} is none of {sorted(known)}=<number>")
            given[name] = int(number)
        return cls(**given)


class Throttle:
    """Counts requests."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._requests = count(1)

    def refuses(self) -> bool:
        """Whether the next request is one too many."""
        return self._every > 0 and next(self._requests) % self._every == 0
