"""A layer is unpacked once, not for each process of each function."""

import hashlib
import io
import os
import threading
import zipfile
from pathlib import Path

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.run_directory import RunDirectory

_UNPACKING = threading.Lock()


def apply(run: RunDirectory) -> None:
    """Have Python functions find their layers in a cache of the run."""
    cache = run.path / "layers"
    spawn = lambda_runtime.Worker._spawn

    # MiniStack unpacks the layers into the folder of each worker, which is most of a cold start.
    # All that its Python worker is told of them is one variable; a function's environment may set
    # it as well.
    def spawn_with_layers(worker: lambda_runtime.Worker) -> None:
        config = worker.config
        if config["Runtime"].startswith("python") and config.get("Layers"):
            archives = map(lambda_svc._resolve_layer_zip, config["Layers"])
            folders = [_unpacked(archive, cache) for archive in archives if archive]
            variables = {
                **config.get("Environment", {}).get("Variables", {}),
                "_LAMBDA_LAYERS_DIRS": os.pathsep.join(map(str, folders)),
            }
            worker.config = {**config, "Layers": [], "Environment": {"Variables": variables}}
        spawn(worker)

    lambda_runtime.Worker._spawn = spawn_with_layers


def _unpacked(archive: bytes, cache: Path) -> Path:
    folder = cache / hashlib.sha256(archive).hexdigest()
    with _UNPACKING:
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            zipfile.ZipFile(io.BytesIO(archive)).extractall(unfinished)
            unfinished.rename(folder)
    return folder
