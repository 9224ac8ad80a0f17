"""The AWS of `make local`, by AWS_ENDPOINT_URL: whether it runs, and how to get to it."""

import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

from cli.problems import InputError

ENVIRONMENT_FILE = Path("build", "local.env")
"""There while `make local` runs."""


def is_used() -> bool:
    """Tell whether it is this AWS that the commands call."""
    return urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname in ("127.0.0.1", "localhost")


def assert_running() -> None:
    """Raise InputError if `make local` has ended: botocore would try again for 40 seconds."""
    if not is_used():
        return
    url = os.environ["AWS_ENDPOINT_URL"]
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port or 80), timeout=5).close()
    except OSError as error:
        raise InputError(
            f"nothing answers at AWS_ENDPOINT_URL={url}: make local is no longer running there; "
            f"start it again, then . {ENVIRONMENT_FILE}; for AWS itself take a new shell"
        ) from error


def hint(root: Path) -> str:
    """Offer the AWS of `make local` to who has no other, as the end of a sentence."""
    if "AWS_ENDPOINT_URL" in os.environ or not (root / ENVIRONMENT_FILE).exists():
        return ""
    return f"; for the AWS of make local: . {ENVIRONMENT_FILE}"


def api_url(api_url: str, endpoint_url: str) -> str:
    """Return where the embedded AWS at `endpoint_url` answers for the stack's `api_url`."""
    match = re.match(r"https://([a-z0-9]+)(?:-vpce-[0-9a-f]+)?\.execute-api\.[^/]+/(.*)", api_url)
    if match is None:
        raise ValueError(f"{api_url} is no URL of API Gateway")
    return f"{endpoint_url}/_aws/execute-api/{match[1]}/{match[2]}".rstrip("/")
