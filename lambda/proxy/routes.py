"""The routes of the API, as API Gateway has them, and what each does.

They are the same for all workloads, which come and go without a deploy of the API. So the gateway's
own request model could only be of what all have in common: the typed schema of each workload is in
the document (proxy/openapi.py), and it is the proxy that holds a body against it, as its messages
name the row and the column and the gateway's would not.
"""

from typing import Final

LIST: Final = "/workloads"
EXPLAIN: Final = "/workloads/{name}"
INVOKE: Final = "/workloads/{name}/invocations"
INVOKE_VARIANT: Final = "/workloads/{name}/variants/{variant}/invocations"
INVOKE_ASYNC: Final = "/workloads/{name}/async-invocations"
ASYNC_ANSWER: Final = "/workloads/{name}/async-invocations/{id}"
DOCUMENT: Final = "/openapi.json"

METHODS = {
    LIST: "GET",
    EXPLAIN: "GET",
    INVOKE: "POST",
    INVOKE_VARIANT: "POST",
    INVOKE_ASYNC: "POST",
    ASYNC_ANSWER: "GET",
    DOCUMENT: "GET",
}
"""The one method of each."""
