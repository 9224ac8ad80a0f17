"""The process that answers HTTP, as gunicorn starts it."""

from __future__ import annotations

from typing import Any, ClassVar

from uvicorn.workers import UvicornWorker


class Worker(UvicornWorker):
    """Uvicorn on the fast loop and parser, which says nothing of each request."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": "httptools",
        "lifespan": "off",
        "ws": "none",
        "proxy_headers": False,
        "access_log": False,
        "server_header": False,
        "date_header": False,
    }
