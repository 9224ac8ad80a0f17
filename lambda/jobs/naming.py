"""Names of training jobs: derived, so that a repeated or rolled-back request finds its job again.

    iris-mars-mars-1f0c2d3e-9a8b7c6d5e4f-1
    `prefix <= 30` `resource` `request    ` `attempt`

All jobs of a resource share its stem, all attempts at a request share the request's stem.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

# A name is [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}: 30 + 1 + 8 + 1 + 12 + 1 leaves ten digits of attempts.
_MAX_PREFIX = 30

# Neither changes the model that a request trains.
_NOT_HASHED = frozenset({"RoleArn", "Tags"})


def resource_stem(prefix: str, stack_id: str, logical_id: str) -> str:
    """Return what the names of all jobs of one resource of one stack begin with."""
    words = re.sub(r"[^a-zA-Z0-9-]+", "-", prefix).lstrip("-")
    return f"{words[:_MAX_PREFIX].rstrip('-') or 'job'}-{_digest(stack_id + logical_id, 8)}"


def request_stem(resource: str, request: Mapping[str, Any], revision: str | None) -> str:
    """Return what the names of all attempts at one request begin with."""
    trained = {key: value for key, value in request.items() if key not in _NOT_HASHED}
    canonical = json.dumps([trained, revision], sort_keys=True, separators=(",", ":"))
    return f"{resource}-{_digest(canonical, 12)}"


def job_name(request: str, attempt: int) -> str:
    """Name an attempt (from 1) at the request with this stem."""
    return f"{request}-{attempt}"


def attempt_of(request: str, job: str) -> int | None:
    """Which attempt at the request this job is, or None if it is none."""
    match = re.fullmatch(rf"{re.escape(request)}-([1-9][0-9]*)", job, re.ASCII)
    return int(match[1]) if match else None


def belongs_to(resource: str, job: str) -> bool:
    """Whether the job is one of the resource's, whatever it was asked to train."""
    return bool(re.fullmatch(rf"{re.escape(resource)}-[0-9a-f]{{12}}-[1-9][0-9]*", job, re.ASCII))


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
