"""How a container's programs are run: what every way to run them promises, and natively.

A runner keeps SageMaker's contract: a base folder (/opt/ml), the exit codes of `train` and
`evaluate`, and the port of `serve`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

NOBODY = 65534
JOB_SECONDS = 900
"""What a job may take, also on a busy machine."""
START_SECONDS = 120
LEAVE_SECONDS = 60
"""What a program's processes may take to follow it."""
STOP_SECONDS = 30
"""What SageMaker gives a container between SIGTERM and SIGKILL."""
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PORT = "SAGEMAKER_BIND_TO_PORT"
SIGNAL_JOB = Path(__file__).with_name("signal-job")
SIGNAL_MODEL_SERVER = Path(__file__).with_name("signal-model-server")


@dataclass(frozen=True)
class Finished:
    """How a program ended: its exit code, its output, and what of its processes still runs."""

    code: int
    output: str
    left: tuple[str, ...] = ()


class Process(Protocol):
    """A program that was started."""

    def terminate(self) -> None:
        """Send SIGTERM, as SageMaker does to end it, and return at once."""

    def signal_job(self, number: signal.Signals) -> None:
        """Send a signal to every process that it has started."""

    def wait(self, seconds: float = START_SECONDS) -> Finished:
        """Wait until it has ended. Raises TimeoutExpired."""

    def running(self) -> bool:
        """Tell whether it has not ended yet."""


class Server(Process, Protocol):
    """A `serve` that was started."""

    port: int

    def signal_model_server(self, number: signal.Signals) -> None:
        """Send a signal to every process that holds the model, behind HTTP's front."""


class Runner(Protocol):
    """Runs the programs of one container on a base folder."""

    def start(
        self, *command: str, base: Path, **environment: str
    ) -> contextlib.AbstractContextManager[Process]:
        """Start `train` or `evaluate`; it is ended with the context."""

    def serve(self, base: Path, **environment: str) -> contextlib.AbstractContextManager[Server]:
        """Start `serve`; it is ended with the context."""

    def confined(self) -> contextlib.AbstractContextManager[Runner]:
        """Give a runner that may write only to base folder and /tmp, and is not root."""

    def tool(self, *command: str) -> str:
        """What a tool prints that the container's packages bring, `Rscript` for instance."""


def run(runner: Runner, program: str, base: Path, **environment: str) -> Finished:
    """Run a program to its end."""
    with runner.start(program, base=base, **environment) as process:
        return process.wait(JOB_SECONDS)


def apt_packages(program: Path) -> list[str]:
    """List the Debian packages that a container's folder names, with all that it links to."""
    lists = sorted(program.rglob("apt-packages.txt"))
    lines = [line for file in lists for line in file.read_text().splitlines()]
    return sorted({name for line in lines if (name := line.partition("#")[0].strip())})


def missing_packages(names: Sequence[str]) -> list[str]:
    """List the packages that Debian has not installed here; none on what is no Debian."""
    if shutil.which("dpkg-query") is None:
        return []
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *names]
    shown = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    return [name for name in names if f"{name} installed" not in shown.splitlines()]


def listens(port: int) -> bool:
    """Tell whether something accepts connections on this port."""
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def children(pid: int) -> dict[int, str]:
    """Map the process ids of the direct children to their names."""
    ids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child): Path(f"/proc/{child}/comm").read_text().strip() for child in ids}


def session(leader: int) -> dict[int, str]:
    """Map the process ids of a session, but for what only waits to be reaped, to their names."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it may end at any moment
                name, _, rest = (entry / "stat").read_text().rpartition(")")
                state, _, _, its_session = rest.split()[:4]
                if int(its_session) == leader and state != "Z":
                    found[int(entry.name)] = name.partition("(")[2]
    return found


@dataclass
class NativeProcess:
    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    def terminate(self) -> None:
        self.process.terminate()

    def wait(self, seconds: float = START_SECONDS) -> Finished:
        code = self.process.wait(seconds)
        return Finished(code, self.log.read_text(errors="replace"), self.left())

    def running(self) -> bool:
        return self.process.poll() is None

    def left(self) -> tuple[str, ...]:
        """The names of what goes on without it, some seconds later."""
        deadline = time.monotonic() + LEAVE_SECONDS
        while (names := session(self.process.pid)) and time.monotonic() < deadline:
            time.sleep(0.01)
        return tuple(names.values())

    def signal_job(self, number: signal.Signals) -> None:
        self._signal(SIGNAL_JOB, number)

    def signal_model_server(self, number: signal.Signals) -> None:
        self._signal(SIGNAL_MODEL_SERVER, number)

    def _signal(self, script: Path, number: signal.Signals) -> None:
        command = ["bash", str(script), str(self.process.pid), number.name]
        subprocess.run(command, check=True)

    def end(self) -> None:
        """Leave no process, however it goes on."""
        if self.running():
            self.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        for pid in session(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class NativeRunner:
    """A copy of the container's folder is the working folder and comes first on the PATH."""

    home: Path
    """Holds the copy `program`, a temporary folder and the logs."""
    prefix: tuple[str, ...] = ()

    @classmethod
    @contextlib.contextmanager
    def of(cls, container: Path) -> Iterator[NativeRunner]:
        # not below pytest's own folders, which only their owner may enter
        with tempfile.TemporaryDirectory(prefix="sagestack-container-") as folder:
            home = Path(folder)
            home.chmod(0o755)
            shutil.copytree(container, home / "program")
            (home / "tmp").mkdir()
            (home / "tmp").chmod(0o1777)
            yield cls(home)

    @contextlib.contextmanager
    def start(self, *command: str, base: Path, **environment: str) -> Iterator[NativeProcess]:
        program = self.home / "program"
        descriptor, log = tempfile.mkstemp(suffix=".log", dir=self.home / "tmp")
        with os.fdopen(descriptor, "wb") as output:
            process = subprocess.Popen(
                [*self.prefix, str(program / command[0]), *command[1:]],
                cwd=program,
                env={
                    "PATH": f"{program}:{SYSTEM_PATH}",
                    "TMPDIR": str(self.home / "tmp"),
                    "SAGEMAKER_BASE_DIR": str(base),
                    **environment,
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = NativeProcess(process, Path(log), int(environment.get(PORT, "0")))
        try:
            yield started
        finally:
            started.end()

    @contextlib.contextmanager
    def serve(self, base: Path, **environment: str) -> Iterator[NativeProcess]:
        bind = {"SAGEMAKER_BIND_TO_HOST": "127.0.0.1", PORT: str(free_port())}
        with self.start("serve", base=base, **bind, **environment) as server:
            yield server

    @contextlib.contextmanager
    def confined(self) -> Iterator[NativeRunner]:
        # a user who is not root needs no other one; root would write whatever the rights are
        ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        with NativeRunner.of(self.home / "program") as copy:
            program = copy.home / "program"
            with without_write_permission([program, *program.rglob("*")]):
                yield NativeRunner(copy.home, () if os.geteuid() else ("setpriv", *ids))

    def tool(self, *command: str) -> str:
        environment = {"PATH": SYSTEM_PATH}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout


@contextlib.contextmanager
def without_write_permission(paths: Sequence[Path]) -> Iterator[None]:
    """Take it from files and folders, and give it back to their owner, who has to delete them."""
    writing = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    for path in paths:
        path.chmod(path.stat().st_mode & ~writing)
    try:
        yield
    finally:
        for path in paths:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
