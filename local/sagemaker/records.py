"""What the service remembers: per account and region, in memory, gone with the server."""

import threading
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

from local.sagemaker.errors import invalid

Record = dict[str, Any]
Store = Any
"""MiniStack's dict of the current account and region."""

LOCK = threading.RLock()
"""Held for every change of a record: operations run on threads of their own."""

training_jobs: Store = AccountRegionScopedDict()
tuning_jobs: Store = AccountRegionScopedDict()
processing_jobs: Store = AccountRegionScopedDict()
transform_jobs: Store = AccountRegionScopedDict()
models: Store = AccountRegionScopedDict()
endpoint_configs: Store = AccountRegionScopedDict()
endpoints: Store = AccountRegionScopedDict()
notebook_instances: Store = AccountRegionScopedDict()
lifecycle_configs: Store = AccountRegionScopedDict()
tags: Store = AccountRegionScopedDict()
"""ARN -> {key: value}"""


def arn(kind: str, name: str) -> str:
    """Return the ARN of a resource of the current account and region; lower case as on AWS."""
    return f"arn:aws:sagemaker:{get_region()}:{get_account_id()}:{kind}/{name.lower()}"


def page(
    records: list[Record], request: Record, name: str, status: str = "", key: str = ""
) -> tuple[list[Record], Record]:
    """Filter, sort and cut a List operation's records.

    `name` and `status` are the records' members that NameContains and StatusEquals look at; `key`
    is the default of SortBy. Returns the page and the answer's NextToken, if there are more.
    """
    wanted = request.get("NameContains", "").lower()
    found = [record for record in records if wanted in record[name].lower()]
    if "StatusEquals" in request:
        found = [record for record in found if record[status] == request["StatusEquals"]]
    for member, after in (
        ("CreationTimeAfter", True),
        ("CreationTimeBefore", False),
        ("LastModifiedTimeAfter", True),
        ("LastModifiedTimeBefore", False),
    ):
        if member in request:
            column = member.removesuffix("After").removesuffix("Before")
            limit = request[member]
            found = [r for r in found if (r[column] > limit if after else r[column] < limit)]
    columns = {"Name": name, "Status": status}
    sort_by = str(request.get("SortBy", key or "CreationTime"))
    column = columns.get(sort_by, sort_by)
    found.sort(
        key=lambda record: record[column],
        reverse=request.get("SortOrder", "Descending") == "Descending",
    )
    start = _offset(request.get("NextToken"))
    end = start + request.get("MaxResults", 100)
    return found[start:end], {"NextToken": f"from-{end}"} if end < len(found) else {}


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    number = token.removeprefix("from-")
    if not number.isdigit():
        raise invalid(f"Invalid NextToken: {token}")
    return int(number)
