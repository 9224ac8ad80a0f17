"""Where things are, what may go wrong, and the log: for both programs of the stand-in."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "packages"))
BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
MODEL = BASE / "model" / "xgboost-model"
CSV, LIBSVM = "text/csv", "text/libsvm"


class UserError(Exception):
    """What a user can mend, in words."""


def log_as_the_container_does() -> None:
    """Log `[2026-11-21:03:24:39:INFO] …` to standard output."""
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="[%(asctime)s:%(levelname)s] %(message)s",
        datefmt="%Y-%m-%d:%H:%M:%S",
    )
