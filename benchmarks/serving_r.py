"""R: MARS behind HAProxy and Rserve, beside the common recipe of one plumber process."""

from __future__ import annotations

from pathlib import Path

from benchmarks.containers import build_container, build_peer
from benchmarks.measurements import Findings, at_least, at_most
from benchmarks.sections import Report, Section
from benchmarks.serving import Load, compare, profile, trained_pair

HYPERPARAMETERS = {"target": "Sepal.Length", "degree": "2"}
_PROFILE = Path(__file__).with_name("profile_r.R")
_LIMITS = {
    (Load(1, 8), "requests/s"): at_least(70),
    (Load(1, 8), "p99"): at_most(1 / 20),
    (Load(150, 8), "requests/s"): at_least(20),
    (Load(1, 1), "requests/s"): at_least(200),
    (Load(1, 8, keep_alive=False), "requests/s"): at_least(12),
}


def _run(rounds: int, report: Report) -> Findings:
    report("build the images")
    tags = build_container("mars"), build_peer("plumber")
    with trained_pair(*tags, HYPERPARAMETERS) as (mars, plumber, payloads):
        found = compare(
            mars, plumber, payloads=payloads, limits=_LIMITS, rounds=rounds, report=report
        )
        report("profile")
        steps = profile(mars, _PROFILE, payloads)
        return Findings(found.measurements, f"{found.notes}\n\n{steps}")


SECTION = Section(
    name="serving-r",
    title="Serving R",
    method=(
        "The container `mars` beside the common public recipe (`peers/plumber`): one plumber "
        "process that loads its .RData file at every request, scores with `model.matrix` and "
        "`read.csv`. Both hold `mda::mars` of iris, degree 2, in an image of Debian's packages, "
        "and answer CSV of 1 or 150 rows. wrk with one thread on the same machine, 4 s for each "
        "figure after 1 s to warm up, the two in turn. *CPU* is the time of all processes of the "
        "container for one request: the figure that other work on the machine changes least."
    ),
    rounds=7,
    run=_run,
)
