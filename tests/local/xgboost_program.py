"""The stand-in for SageMaker's XGBoost, run by hand: in a folder like /opt/ml, without a server."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from local import builtin

FOLDER = builtin.FOLDERS / "sagemaker-xgboost"
PACKAGES = builtin.PACKAGES / "sagemaker-xgboost"
PYTHON = "/usr/bin/python3"
CSV = {"ContentType": "text/csv", "TrainingInputMode": "File"}

RANDOM = random.Random(1)
ROWS = [
    (round(2 * a - b + c, 2), a, b, c)
    for a, b, c in ((RANDOM.randint(0, 9), RANDOM.random(), RANDOM.gauss(0, 1)) for _ in range(200))
]
TRAIN = "".join(f"{','.join(map(str, row))}\n" for row in ROWS[:150])
VALIDATION = "".join(f"{','.join(map(str, row))}\n" for row in ROWS[150:])
BOTH = {"train": TRAIN, "validation": VALIDATION}
SIX = {"num_round": "6"}


def binary(text: str) -> str:
    """The same rows, with the labels 0 and 1."""
    rows = [line.partition(",") for line in text.splitlines()]
    return "".join(f"{int(float(label) > 9)},{rest}\n" for label, _, rest in rows)


BINARY = {name: binary(text) for name, text in BOTH.items()}


class Outcome(NamedTuple):
    """How a training ended."""

    code: int
    output: str
    failure: str

    def metrics(self, name: str) -> list[float]:
        """The values of `train-rmse` and the like, a round each."""
        lines = [line for line in self.output.splitlines() if "\t" in line]
        return [float(line.split(f"\t{name}:")[1].split("\t")[0]) for line in lines]


class Program:
    """A copy of the stand-in, and its /opt/ml."""

    def __init__(self, folder: Path, version: str = "1.7-1") -> None:
        assert PACKAGES.is_dir(), "unpack XGBoost: local/install.sh builtin"
        self.base = folder / "ml"
        self.programs = folder / "program"
        shutil.copytree(FOLDER, self.programs, ignore=shutil.ignore_patterns("__pycache__"))
        (self.programs / "packages").symlink_to(PACKAGES)
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "ALGORITHM_VERSION": version,
            "SAGEMAKER_BASE_DIR": str(self.base),
            "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
        }
        for name in ("input/config", "input/data", "model", "output"):
            (self.base / name).mkdir(parents=True)

    def provide(
        self,
        hyperparameters: Mapping[str, str],
        channels: Mapping[str, str],
        config: Mapping[str, Mapping[str, str]] | None = None,
        **configs: Any,
    ) -> None:
        """Give it what a job would: each channel is one file with that content."""
        for name, content in channels.items():
            (self.base / "input/data" / name).mkdir(exist_ok=True)
            (self.base / "input/data" / name / f"{name}.csv").write_text(content)
        for name, document in {
            "hyperparameters": hyperparameters,
            "inputdataconfig": config or dict.fromkeys(channels, CSV),
            "resourceconfig": {"hosts": ["algo-1"]},
            **configs,
        }.items():
            (self.base / "input/config" / f"{name}.json").write_text(json.dumps(document))

    def train(self) -> Outcome:
        """Run `train` to its end."""
        done = subprocess.run(
            [self.programs / "train"],
            cwd=self.programs,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        failure = self.base / "output/failure"
        reason = failure.read_text() if failure.exists() else ""
        return Outcome(done.returncode, done.stdout, reason)

    @contextmanager
    def serve(self, **environment: str) -> Iterator["Server"]:
        """Run `serve` for the length of a block, healthy."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        bind = {"SAGEMAKER_BIND_TO_PORT": str(port)}
        process = subprocess.Popen(
            [self.programs / "serve"],
            cwd=self.programs,
            env={**self.environment, **bind, **environment},
        )
        server = Server(process, port)
        try:
            server.wait_until_healthy()
            yield server
        finally:
            process.kill()
            process.wait()

    def by_hand(self, script: str) -> Any:
        """What a script of Python prints as JSON, with XGBoost as `xgb` and NumPy as `np`."""
        head = (
            f"import sys, json; sys.path.insert(0, {str(PACKAGES)!r}); base = {str(self.base)!r}\n"
            "import numpy as np, xgboost as xgb\n"
            "def csv(name): return np.loadtxt(f'{base}/input/data/{name}/{name}.csv', "
            "delimiter=',', dtype=np.float32)\n"
            "def model(): return xgb.Booster(model_file=f'{base}/model/xgboost-model')\n"
        )
        done = subprocess.run(
            [PYTHON, "-c", head + script], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


class Server:
    """A running `serve`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def ask(
        self, body: bytes | None, content_type: str | None = "text/csv", path: str = "/invocations"
    ) -> tuple[int, str, str]:
        """Return status, content type and body of the answer; GET without a body."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body)
        # urllib would say it is a form
        request.add_header("Content-Type", content_type or "")
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Content-Type", ""), error.read().decode()

    def wait_until_healthy(self) -> None:
        """Wait for the first ping that is answered."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.ask(None, path="/ping")[0] == 200:
                    return
            except OSError:
                continue
        raise AssertionError(f"not healthy; exit code {self.process.poll()}")

    def terminate(self) -> None:
        """Ask it to end."""
        os.kill(self.process.pid, signal.SIGTERM)
