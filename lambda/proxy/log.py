"""One JSON line per event. Bodies, and messages that quote them, never come here."""

import json


def log(message: str, **fields: object) -> None:
    """Print one line that CloudWatch Logs Insights finds the fields of."""
    print(json.dumps({"message": message, **fields}))
