"""SageMaker's base folder (/opt/ml), made for one job."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import re
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.container.kit import Channel, Job
from tests.container.runners import START_SECONDS, Process

RESOURCES = {
    "current_host": "algo-1",
    "current_instance_type": "ml.m5.large",
    "hosts": ["algo-1"],
    "network_interface_name": "eth0",
}


@dataclass(frozen=True)
class Base:
    """The folder; it is not there before it is given anything."""

    path: Path

    def training(self, job: Job) -> Base:
        """Give it what SageMaker gives a training job of one instance."""
        (self.path / "input" / "config").mkdir(parents=True)
        (self.path / "input" / "data").mkdir()
        self.config("hyperparameters", dict(job.hyperparameters))
        if job.described:
            channels = {name: described(each) for name, each in job.channels.items()}
            self.config("inputdataconfig", channels)
            self.config("resourceconfig", RESOURCES)
            for folder in ("model", "output"):
                (self.path / folder).mkdir()
        for name, channel in job.channels.items():
            if channel.streamed:
                stream(self.pipe(name), b"".join(map(as_bytes, channel.files.values())))
            else:
                self.folder("input", "data", name, files=channel.files)
        return self

    def config(self, name: str, content: object) -> None:
        (self.path / "input" / "config" / f"{name}.json").write_text(json.dumps(content))

    def pipe(self, channel: str) -> Path:
        """Make the pipe of a channel, for the one reading of its data."""
        path = self.path / "input" / "data" / f"{channel}_0"
        os.mkfifo(path)
        return path

    def evaluation(self, artifact: bytes | None, channels: Mapping[str, Channel]) -> Base:
        """Give it what a processing job gets: a model's archive and channels."""
        for folder in ("processing/model", "processing/input"):
            (self.path / folder).mkdir(parents=True)
        if artifact is not None:
            (self.path / "processing" / "model" / "model.tar.gz").write_bytes(artifact)
        for name, channel in channels.items():
            self.folder("processing", "input", name, files=channel.files)
        return self

    def folder(self, *parts: str, files: Mapping[str, str | bytes]) -> Base:
        folder = self.path.joinpath(*parts)
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(as_bytes(content))
        return self

    def open_to_all(self) -> Base:
        """Let every user write here."""
        for path in [self.path, *self.path.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
        return self

    @property
    def failure(self) -> str:
        """Why a training job failed; text of at most 1 KB."""
        return reason(self.path / "output" / "failure")

    @property
    def message(self) -> str:
        """Why a processing job failed; text of at most 1 KB."""
        return reason(self.path / "output" / "message")

    @property
    def model_files(self) -> list[str]:
        """What a job left in its model folder."""
        return sorted(file.name for file in self.path.glob("model/**/*"))

    @property
    def evaluation_folder(self) -> Path:
        return self.path / "processing" / "evaluation"


def reason(file: Path) -> str:
    assert file.is_file(), f"found no file {file.name}"
    content = file.read_bytes()
    assert 0 < len(content) <= 1024, "SageMaker shows 1 KB of it"
    return content.decode()


def packed(folder: Path) -> bytes:
    """A folder as model.tar.gz."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.add(folder, arcname=".")
    return content.getvalue()


def packed_text(name: str, text: bytes) -> bytes:
    """A file as model.tar.gz."""
    content, member = io.BytesIO(), tarfile.TarInfo(name)
    member.size = len(text)
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.addfile(member, io.BytesIO(text))
    return content.getvalue()


def described(channel: Channel) -> dict[str, str]:
    """What inputdataconfig.json says of a channel."""
    return {
        **({"ContentType": channel.content_type} if channel.content_type else {}),
        "TrainingInputMode": "Pipe" if channel.streamed else "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def stream(pipe: Path, content: bytes) -> None:
    """Write to a pipe from a thread of its own; nothing is what nobody ever writes."""

    def write() -> None:
        with contextlib.suppress(BrokenPipeError):  # who reads may stop early, to fail
            pipe.write_bytes(content)

    if content:
        # it waits for a reader: a job that never reads must not hold up the test's end
        threading.Thread(target=write, daemon=True).start()


@contextlib.contextmanager
def held_by_a_reader(process: Process, pipe: Path) -> Iterator[IO[bytes]]:
    """Wait until the process has opened a pipe, and hold it open for writing."""
    deadline = time.monotonic() + START_SECONDS
    while (descriptor := opened(pipe)) is None:
        assert process.running(), f"nobody reads: {process.wait().output}"
        assert time.monotonic() < deadline, "nobody reads"
        time.sleep(0.01)
    with open(descriptor, "wb") as held:
        yield held


def opened(pipe: Path) -> int | None:
    """Open a pipe for writing, if somebody reads it."""
    try:
        descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None
    os.set_blocking(descriptor, True)
    return descriptor


def metrics(stage: str, output: str) -> dict[str, float]:
    """The metrics that a job logs as lines `stage:name=value`."""
    found = re.findall(rf"^{stage}:([\w.-]+)=(\S+)$", output, re.MULTILINE)
    return {name: float(value) for name, value in found}
