"""The instance metadata service, version 2 only: who an instance is, and its role's credentials.

MiniStack has one for all instances, which is none of them and has a role of its own.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Answer = tuple[int, bytes]
_HEADER = "X-aws-ec2-metadata-token"
_HOURS = 6
"""How long credentials hold, as on AWS; a session here has no end."""


@dataclass
class MetadataService:
    """Answers for one instance."""

    instance_id: str
    region: str
    zone: str
    account: str
    instance_type: str
    role: str | None
    credentials: Callable[[], Mapping[str, str]]
    """Makes AccessKeyId, SecretAccessKey and Token of the role."""
    _tokens: set[str] = field(default_factory=set)

    def put(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Give a token to who says for how long."""
        if path != "/latest/api/token":
            return 404, b""
        if f"{_HEADER}-ttl-seconds".lower() not in {name.lower() for name in headers}:
            return 400, b""
        token = secrets.token_urlsafe(40)
        self._tokens.add(token)
        return 200, token.encode()

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Answer who has a token; without one it is version 1, which is off."""
        given = {name.lower(): value for name, value in headers.items()}
        if given.get(_HEADER.lower()) not in self._tokens:
            return 401, b""
        base = "/latest/meta-data/iam/security-credentials/"
        known = {
            "/latest/meta-data/instance-id": self.instance_id,
            "/latest/meta-data/instance-type": self.instance_type,
            "/latest/meta-data/placement/region": self.region,
            "/latest/meta-data/placement/availability-zone": self.zone,
            "/latest/dynamic/instance-identity/document": json.dumps(
                {
                    "accountId": self.account,
                    "region": self.region,
                    "availabilityZone": self.zone,
                    "instanceId": self.instance_id,
                    "instanceType": self.instance_type,
                }
            ),
        }
        if self.role is not None:
            known[base] = self.role
            if path == base + self.role:
                return 200, self._credentials()
        return (200, known[path].encode()) if path in known else (404, b"")

    def _credentials(self) -> bytes:
        now = datetime.now(UTC)
        until = now + timedelta(hours=_HOURS)
        return json.dumps(
            {
                "Code": "Success",
                "Type": "AWS-HMAC",
                "LastUpdated": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "Expiration": f"{until:%Y-%m-%dT%H:%M:%SZ}",
                **self.credentials(),
            }
        ).encode()
