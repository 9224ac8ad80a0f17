"""What the README's commands do, run as a user runs them."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import fsum, sqrt
from pathlib import Path

import pytest

from local.cdk_cli import ROOT
from local.iris import DATA
from tests.e2e.conftest import copy

ByHand = Callable[[int], list[float]]


def _rmse(predicted: list[float]) -> float:
    lengths = [float(line.split(",")[0]) for line in DATA.read_text().splitlines()[1:]]
    return sqrt(fsum((a - p) ** 2 for a, p in zip(lengths, predicted, strict=True)) / 150)


@pytest.mark.parametrize("runner", ["process", "docker"])
def test_the_demo_prints_what_each_model_is_worth_beside_the_same_by_hand(
    runner: str, by_hand: ByHand, request: pytest.FixtureRequest
) -> None:
    if runner == "docker":
        request.getfixturevalue("docker_engine")
    done = subprocess.run(
        [sys.executable, "-m", "local", "demo", "--workloads", "all"],
        cwd=ROOT,
        env={**os.environ, "SAGESTACK_RUNNER": runner},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert f"RMSE {_rmse(by_hand(2)):.6f} cm over 150 irises" in done.stdout
    row = r"^(\S+) +\S+ +\S+ +(\S+) +(\S+) +\S+ +(to 6 digits|within \S+) *$"
    rows = re.findall(row, done.stdout, re.MULTILINE)
    assert {workload for workload, *_ in rows} == {
        path.stem for path in (ROOT / "workloads").glob("*.toml")
    }
    for _, deployed, made, how in rows:
        closely = 1e-5 if how == "to 6 digits" else float(how.removeprefix("within "))
        assert float(deployed) == pytest.approx(float(made), rel=closely)
    for path in re.findall(r"^  (build/\S+-report\.png) ", done.stdout, re.MULTILINE):
        assert (ROOT / path).read_bytes().startswith(b"\x89PNG")
    assert "  build/iris-tuned-report.png " in done.stdout
    assert "All of it held" in done.stdout


@contextmanager
def _local(root: Path = ROOT, workloads: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`make local`, when it waits for Ctrl-C: its process and what it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "serve", "--workloads", workloads],
        cwd=root,
        env={**os.environ, "SAGESTACK_RUNNER": "process"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C here ends it all" in line:
                break
        yield process, "".join(lines)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _endpoint(printed: str) -> str:
    found = re.search(r"AWS endpoint\s+(http://127\.0\.0\.1:\d+)", printed)
    assert found, printed
    return found[1]


def _curled(printed: str) -> tuple[str, str]:
    """The body and the address of the request for curl, as bash reads what is printed."""
    command = re.search(r"^ +curl (?:.*\\\n)+.*$", printed, re.MULTILINE)
    assert command, printed
    arguments = subprocess.run(
        ["bash", "-c", f"curl() {{ printf '%s\\0' \"$@\"; }}\n{command[0]}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return arguments[arguments.index("--data-binary") + 1], arguments[-2]


def _nothing_answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=5)
    except OSError:
        return True
    return False


def test_local_serves_until_ctrl_c_and_then_ends_all_that_it_started() -> None:
    with _local(workloads="iris-mars") as (process, printed):
        assert re.search(r"^Endpoints +sagestack-iris-mars$", printed, re.MULTILINE)
        assert '`make deploy WORKLOADS="iris-mars"` after an edit' in printed
        script = re.search(r"<<'PY'\n(.*?)\n\s*PY\n", printed, re.DOTALL)
        assert script, printed
        # pasted as it is printed, into a shell that works with a real account
        pasted = f". build/local.env && .venv/bin/python - <<'PY'\n{_dedent(script[1])}\nPY\n"
        answer = subprocess.run(
            ["bash", "-c", pasted],
            cwd=ROOT,
            env={**os.environ, "AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "secret"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "predictions" in answer.stdout, answer.stderr
        body, url = _curled(printed)
        assert body == "Sepal.Width,Petal.Length,Petal.Width,Species\n3.5,1.4,0.2,setosa\n"
        assert f"API           {url.removesuffix('/workloads/iris-mars/invocations')}" in printed
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[0]
        assert process.returncode == 0, rest
        assert "Stopping the embedded AWS" in rest
    assert _nothing_answers(_endpoint(printed))
    assert not (ROOT / "build" / "local.env").exists()


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of the project whose model cannot answer the smoke payload."""
    root = copy(tmp_path / "project", "iris-mars")
    data = root / "workloads" / "data" / "iris.csv"
    data.write_text(data.read_text().replace("Sepal.Width", "Sepal.Breadth"))
    return root


def test_local_outlives_a_failed_deploy_and_says_when_it_was_killed(broken: Path) -> None:
    with _local(broken) as (process, printed):
        assert "fails the smoke payload" in printed
        assert "The embedded AWS goes on" in printed
        endpoint = next(
            line.partition("=")[2]
            for line in (broken / "build" / "local.env").read_text().splitlines()
            if line.startswith("export AWS_ENDPOINT_URL=")
        )
        assert not _nothing_answers(endpoint)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
        (server,) = (pid for pid, command in commands.items() if b"local.server" in command)
        os.kill(server, signal.SIGKILL)
        rest = process.communicate(timeout=60)[0]
        assert process.returncode == 1
        assert "ended by itself" in rest
        assert _nothing_answers(endpoint)
    assert not (broken / "build" / "local.env").exists()


def _dedent(script: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in script.splitlines())


@pytest.mark.parametrize(
    ("pattern", "replacement", "told"),
    [
        ("degree = 2", "degree = [2]", "models.mars.hyperparameters.degree"),
        ("weight = 1", "weight = -1", "variants[0].weight"),
        ("data/iris.csv", "data/tulips.csv", "data.train.path"),
        ('"ml.m5.large"', '"ml.m5.lage"', 'did you mean "ml.m5.large"'),
    ],
)
def test_bad_settings_stop_a_synth_with_one_message_and_exit_code_2(
    tmp_path: Path, pattern: str, replacement: str, told: str
) -> None:
    root = copy(tmp_path / "project", "iris-mars")
    workload = root / "workloads" / "iris-mars.toml"
    assert pattern in workload.read_text()
    workload.write_text(workload.read_text().replace(pattern, replacement))
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "workloads/iris-mars.toml" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (root / "cdk.out").exists()
