"""Python: scikit-learn behind HAProxy and uvicorn, beside one process of bottle on bjoern."""

from __future__ import annotations

from pathlib import Path

from benchmarks.containers import ROOT, build_container, build_peer
from benchmarks.measurements import Findings, at_least
from benchmarks.sections import Report, Section
from benchmarks.serving import Load, compare, profile, trained_pair

HYPERPARAMETERS = {"target": "Species", "estimator": "logistic", "max_iter": "1000"}
BJOERN = ROOT / "build" / "bench" / "bjoern.tar.gz"
_PROFILE = Path(__file__).with_name("profile_python.py")
_LIMITS = {
    (Load(1, 8), "requests/s"): at_least(10),
    (Load(150, 8), "requests/s"): at_least(8),
}


def _run(rounds: int, report: Report) -> Findings:
    report("build the images")
    tags = build_container("sklearn"), build_peer("bottle", BJOERN)
    with trained_pair(*tags, HYPERPARAMETERS) as (sklearn, bottle, payloads):
        found = compare(
            sklearn, bottle, payloads=payloads, limits=_LIMITS, rounds=rounds, report=report
        )
        report("profile")
        steps = profile(sklearn, _PROFILE, payloads)
        return Findings(found.measurements, f"{found.notes}\n\n{steps}")


SECTION = Section(
    name="serving-python",
    title="Serving Python",
    method=(
        "The container `sklearn` beside one process of bottle on bjoern that reads CSV by pandas "
        "(`peers/bottle`). Both hold scikit-learn's logistic regression of iris's species, loaded "
        "once, in an image of Debian's packages, and answer JSON to CSV of 1 or 150 rows. wrk as "
        "above."
    ),
    rounds=7,
    run=_run,
)
