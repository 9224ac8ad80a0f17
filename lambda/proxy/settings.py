"""The function's environment, read once."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the stack tells the proxy."""

    catalog_path: str  # of the SSM parameters, one for each workload
    authentication: str
    """How the API's callers prove who they are, for its document: names of proxy/openapi.py's
    SCHEMES with commas between them, all of which are needed."""
    cors_origins: frozenset[str] = frozenset()  # whose pages may read an answer

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Raise KeyError for an environment that the stack did not make."""
        # IAM compares the path as it is asked for: without a slash it is a parameter's ARN
        return cls(
            catalog_path=environ["CATALOG_PATH"].rstrip("/"),
            authentication=environ.get("AUTHENTICATION", "iam"),
            cors_origins=frozenset(environ.get("CORS_ORIGINS", "").split()),
        )
