"""Checkpoints: CheckpointConfig's folder in the container, kept the same as its prefix in S3."""

from pathlib import Path, PurePosixPath
from typing import Any

from local.sagemaker import s3_data
from local.sagemaker.background import Background
from local.sagemaker.errors import invalid
from local.sagemaker.records import Record

DEFAULT_PATH = "/opt/ml/checkpoints"
PERIOD = 1.0
"""Seconds between two looks for new checkpoints."""
_ROOT = PurePosixPath("/opt/ml")


class Checkpoints(Background):
    """Brings the prefix's objects into the folder, then new and changed files into the prefix."""

    def __init__(self, config: Record, base_dir: Path, s3: Any) -> None:
        super().__init__()
        bucket, prefix = s3_data.split(config["S3Uri"])
        self._bucket = bucket
        self._prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        self._folder = base_dir / _below_root(config)
        self._s3 = s3
        found = s3_data.listed(s3, bucket, self._prefix)
        files = {key.removeprefix(self._prefix): key for key in found}
        s3_data.Objects(bucket, files).download(s3, self._folder)
        self._restored = self._files()
        self._stored = dict(self._restored)

    def work(self) -> None:
        """See Background.work."""
        while not self.ending.wait(PERIOD):
            self._store()
        self._store()

    def written(self) -> bool:
        """Whether the program has written a checkpoint."""
        return self._files() != self._restored

    def _store(self) -> None:
        for path, version in self._files().items():
            if self._stored.get(path) != version:
                key = f"{self._prefix}{path.relative_to(self._folder)}"
                try:
                    self._s3.upload_file(str(path), self._bucket, key)
                except FileNotFoundError:  # a program may delete its old checkpoints
                    continue
                self._stored[path] = version

    def _files(self) -> dict[Path, tuple[int, int]]:
        """Return each file's time of change and size."""
        files = {}
        for path in self._folder.rglob("*"):
            try:
                if path.is_file():
                    state = path.stat()
                    files[path] = (state.st_mtime_ns, state.st_size)
            except FileNotFoundError:
                continue
        return files


def assert_supported(config: Record) -> None:
    """Raise SageMakerError for a CheckpointConfig that cannot be had."""
    s3_data.split(config["S3Uri"])
    _below_root(config)


def _below_root(config: Record) -> PurePosixPath:
    path = PurePosixPath(config.get("LocalPath", DEFAULT_PATH))
    if not path.is_relative_to(_ROOT) or ".." in path.parts or len(path.parts) < 4:
        raise invalid(f"CheckpointConfig.LocalPath {path} is not a folder below {_ROOT}")
    return path.relative_to(_ROOT)
