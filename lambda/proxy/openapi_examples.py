"""A row that fits a workload, in each format: what viewers of the document offer to send."""

import csv
import io
import json
from math import ceil, floor
from typing import Any

from proxy.media import CSV, JSON
from proxy.schema import Feature, Schema


def example(schema: Schema, form: str) -> Any:
    """Return a body of one row as that format has it: JSON, CSV, else JSON lines."""
    row = {feature.name: _value(feature) for feature in schema.features}
    match form:
        case _ if form == JSON:
            return {"instances": [row]}
        case _ if form == CSV:
            lines = io.StringIO()
            csv.writer(lines, lineterminator="\n").writerows([row, row.values()])
            return lines.getvalue()
    return f"{json.dumps(row, ensure_ascii=False)}\n"


def _value(feature: Feature) -> float | int | str:
    """Return 1, or what is nearest to it within the bounds; of texts the first of the values."""
    if not feature.is_number:
        return feature.values[0] if feature.values else "text"
    low, high = feature.minimum, feature.maximum
    if feature.type == "integer":
        low, high = low and ceil(low), high and floor(high)
    value = 1 if low is None else max(1, low)
    return value if high is None else min(value, high)
