"""The function's environment, read once."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the stack tells the proxy."""

    catalog_path: str  # of the SSM parameters, one for each workload
    catalog_ttl_seconds: float

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Raise KeyError or ValueError for an environment that the stack did not make."""
        return cls(
            # IAM compares the path as it is asked for: without a slash it is a parameter's ARN
            catalog_path=environ["CATALOG_PATH"].rstrip("/"),
            catalog_ttl_seconds=float(environ.get("CATALOG_TTL_SECONDS", "30")),
        )
