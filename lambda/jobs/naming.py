"""Names of jobs: derived, so that a repeated or rolled-back request finds its job again.

    iris-mars-mars-1f0c2d3e-9a8b7c6d5e4f-1
    `prefix      ` `resource` `request ` `attempt`

All jobs of a resource share its stem, all attempts at a request share the request's stem.
"""

import hashlib
import json
import re
from dataclasses import dataclass

# What stands in for a job's name where none was needed. A name of ours ends in its attempt, a
# number, and so is never mistaken for it.
_NO_JOB = "-none"


@dataclass(frozen=True)
class JobNames:
    """How the names of a kind of job are made up: the lengths of their parts, in characters."""

    prefix: int
    resource: int
    request: int

    def resource_stem(self, prefix: str, stack_id: str, logical_id: str) -> str:
        """Return what the names of all jobs of one resource of one stack begin with."""
        words = re.sub(r"[^a-zA-Z0-9-]+", "-", prefix).lstrip("-")
        readable = words[: self.prefix].rstrip("-") or "job"
        return f"{readable}-{_digest(stack_id + logical_id, self.resource)}"

    def request_stem(self, resource: str, identity: object) -> str:
        """Return what the names of all attempts at one request begin with.

        `identity` is what makes it another request, of types that JSON has.
        """
        canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return f"{resource}-{_digest(canonical, self.request)}"

    def belongs_to(self, resource: str, job: str) -> bool:
        """Whether the job is one of the resource's, whatever it was asked to do."""
        rest = rf"-[0-9a-f]{{{self.request}}}-[1-9][0-9]*"
        return bool(re.fullmatch(re.escape(resource) + rest, job, re.ASCII))

    def app_stem(self, app_name: str) -> str:
        """Return what the names of all jobs of an app begin with, when its prefixes begin so."""
        return f"{app_name[: self.prefix].rstrip('-')}-"


# A name is [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}: ten digits are left for the attempts.
LONG_NAMES = JobNames(prefix=30, resource=8, request=12)
# A tuning job's has 32 characters, because its training jobs' begin with it: five are left.
SHORT_NAMES = JobNames(prefix=10, resource=6, request=8)


def job_name(request: str, attempt: int) -> str:
    """Name an attempt (from 1) at the request with this stem."""
    return f"{request}-{attempt}"


def attempt_of(request: str, job: str) -> int | None:
    """Which attempt at the request this job is, or None if it is none."""
    match = re.fullmatch(rf"{re.escape(request)}-([1-9][0-9]*)", job, re.ASCII)
    return int(match[1]) if match else None


def no_job(prefix: str) -> str:
    """Name a resource that found nothing to start a job for."""
    return f"{prefix}{_NO_JOB}"


def is_no_job(name: str) -> bool:
    """Whether the name is that of no job at all."""
    return name.endswith(_NO_JOB)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
