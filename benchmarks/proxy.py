"""The proxy before the endpoints: what its cold start takes, and what it adds to a request."""

from __future__ import annotations

import compileall
import csv
import json
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measurements import Findings, Measurement, at_most
from benchmarks.sections import Report, Section
from local.iris import DATA
from stacks.functions import BOTO3_LAYER, LAMBDA, ROOT
from workloads.loading import load_workloads
from workloads.schema.catalog import Served, entry
from workloads.schema.workload import Workload

COLD_STARTS = 7
"""Of each side in a round, in turn."""

_TIMED = """\
import time
started = time.perf_counter()
{}
seconds = time.perf_counter() - started
import json, re, sys
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())
mib = int(peak[1]) / 1024
print(json.dumps({{"seconds": seconds, "mib": mib, "modules": len(sys.modules)}}))
"""
OURS = _TIMED.format("import proxy.handler")
PEER = _TIMED.format("import boto3\nboto3.client('sagemaker-runtime')")

Cold = dict[str, float]


def run(rounds: int, report: Report) -> Findings:
    """Measure cold starts, with and without bytecode, and then warm requests."""
    with tempfile.TemporaryDirectory() as folder:
        shipped, compiled = _function(Path(folder, "shipped")), Path(folder, "compiled")
        shutil.copytree(shipped, compiled)
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(compiled, quiet=2, workers=0, invalidation_mode=unchecked)
        cold, fast, warm = [], [], []
        for number in range(1, rounds + 1):
            report(f"round {number} of {rounds}: cold starts")
            cold.append(_cold_starts(shipped))
            fast.append(_cold_starts(compiled))
            report(f"round {number} of {rounds}: requests")
            warm.append(_requests(shipped))
    return Findings(
        [
            Measurement(
                "cold start (two clients; boto3 one)",
                "s",
                [ours["seconds"] for ours, _ in cold],
                [peer["seconds"] for _, peer in cold],
                at_most(1.15),
            ),
            Measurement(
                "memory after it",
                "MiB",
                [ours["mib"] for ours, _ in cold],
                [peer["mib"] for _, peer in cold],
            ),
            *(
                Measurement(
                    f"added to a request, {name}",
                    "ms",
                    [each[name]["overhead"] * 1000 for each in warm],
                    limit=at_most(1.0),
                )
                for name in warm[0]
            ),
        ],
        _notes(cold, fast, warm),
    )


def _function(folder: Path) -> Path:
    """Copy the function's code and layer as Lambda gets them, without what ran here left there."""
    unshipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(LAMBDA / "proxy", folder / "proxy", ignore=unshipped)
    with zipfile.ZipFile(BOTO3_LAYER) as layer:
        layer.extractall(folder)
    return folder


def _cold_starts(function: Path) -> tuple[Cold, Cold]:
    """Start ours and the peer in turn; the medians of each."""
    runs: dict[str, list[Cold]] = {OURS: [], PEER: []}
    for _ in range(COLD_STARTS):
        for program, found in runs.items():
            found.append(_python(function, "-c", program))
    ours, peer = (
        {key: median(each[key] for each in found) for key in found[0]} for found in runs.values()
    )
    return ours, peer


def _requests(function: Path) -> dict[str, dict[str, float]]:
    """Send a row and all 150, through the proxy and past it; the medians by the body's name."""
    [workload] = (each for each in load_workloads(ROOT / "workloads") if each.name == "iris-mars")
    endpoint = f"sagestack-{workload.name}"
    asked = {
        "workload": workload.name,
        "endpoint": endpoint,
        "bodies": {"1 row": _body(workload, 1), "150 rows": _body(workload, 150)},
    }
    models = {name: Served("model", "s3://bucket/model.tar.gz") for name in workload.models}
    with _endpoint(entry(workload, endpoint, "", models)) as url:
        script = str(Path(__file__).with_name("proxy_calls.py"))
        found: dict[str, dict[str, float]] = _python(
            function, script, sent=json.dumps(asked), AWS_ENDPOINT_URL=url
        )
    return found


def _body(workload: Workload, rows: int) -> dict[str, str]:
    """Write the first irises as JSON, and as the CSV that the proxy makes of it."""
    features = workload.api.features
    with DATA.open(newline="") as file:
        irises = list(csv.DictReader(file))[:rows]
    instances = [
        {each.name: _value(each.type, iris[each.name]) for each in features} for iris in irises
    ]
    lines = [[each.name for each in features], *(map(str, each.values()) for each in instances)]
    return {
        "json": json.dumps({"instances": instances}),
        "csv": "".join(f"{','.join(line)}\n" for line in lines),
    }


def _value(kind: str, cell: str) -> float | str:
    return float(cell) if kind == "number" else cell


@contextmanager
def _endpoint(entry: str) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.proxy_endpoint", entry]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def _python(function: Path, *arguments: str, sent: str = "", **environ: str) -> Any:
    """Run Python with nothing but the standard library and the function to import."""
    ours: Mapping[str, str] = {
        "PYTHONPATH": f"{function}:{function / 'python'}",  # the code, then the layer
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "CATALOG_PATH": "/sagestack/workloads/",
    }
    ran = subprocess.run(
        [sys.executable, "-P", "-S", "-B", *arguments],
        env={**ours, **environ},
        input=sent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


def _notes(
    cold: list[tuple[Cold, Cold]],
    fast: list[tuple[Cold, Cold]],
    warm: list[dict[str, dict[str, float]]],
) -> str:
    def of(runs: list[tuple[Cold, Cold]], side: int, key: str) -> float:
        return median(each[side][key] for each in runs)

    lines = [
        "| cold start | proxy, two clients | bare boto3, one client |",
        "|---|---|---|",
        f"| as shipped, s | {of(cold, 0, 'seconds'):.3f} | {of(cold, 1, 'seconds'):.3f} |",
        f"| were bytecode shipped, s | {of(fast, 0, 'seconds'):.3f} "
        f"| {of(fast, 1, 'seconds'):.3f} |",
        f"| modules | {of(cold, 0, 'modules'):.0f} | {of(cold, 1, 'modules'):.0f} |",
        "",
        "The layer has no bytecode: only the Python of the Lambda runtime could make it, which is "
        "not on every machine that deploys.",
        "",
        "| request, ms | through the proxy | past it |",
        "|---|---|---|",
    ]
    for name in warm[0]:
        through, past = (
            median(each[name][side] for each in warm) * 1000 for side in ("handler", "bare")
        )
        lines.append(f"| {name} | {through:.2f} | {past:.2f} |")
    return "\n".join(lines)


SECTION = Section(
    name="proxy",
    title="Lambda proxy",
    method=(
        "Cold: a fresh Python, with only the standard library and copies of the function's code "
        f"and layer to import, and as in Lambda without bytecode of them; {COLD_STARTS} processes "
        "of each side in a round, in turn. Timed from the program's first line until the proxy is "
        "ready for its first request, which takes two clients (sagemaker-runtime and ssm); the "
        "peer is `import boto3; boto3.client('sagemaker-runtime')` with the same layer. The "
        "interpreter's own start, Lambda's and the first connections are in neither. It is this "
        "machine's Python, not Lambda's.\n\n"
        "Added to a request: the time of the handler (its event in, its answer out, a line logged) "
        "minus that of a bare `invoke_endpoint` with the CSV that it sends, 400 of each in turn, "
        "to a server on 127.0.0.1 that answers at once; the median of the differences. API "
        "Gateway and Lambda's own part are in neither. The catalog is read once in 30 s, beside "
        "the median."
    ),
    rounds=5,
    run=run,
)
