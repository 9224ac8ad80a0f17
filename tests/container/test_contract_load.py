"""What every container's server promises about its health, and of models that cannot be loaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from tests.container.base import held_by_a_reader
from tests.container.client import NOT_YET, Client
from tests.container.conftest import Trained
from tests.container.runners import Finished, Runner
from workloads.content import files_of


def test_ping_is_not_200_while_the_model_is_being_loaded(
    runner: Runner, trained: Trained, tmp_path: Path
) -> None:
    model = shutil.copytree(trained.model, tmp_path / "model")
    parameters = [file for file in model.iterdir() if file.suffix != ".json"]
    largest = max(parameters, key=lambda file: file.stat().st_size)
    largest.unlink()
    os.mkfifo(largest)
    with runner.serve(tmp_path) as server, held_by_a_reader(server, largest):
        for _ in range(20):
            assert Client(server.port).ping() in NOT_YET
        server.terminate()
        done = server.wait()
    assert done.code == 0, done.output
    assert not done.left


DAMAGES: dict[str, Callable[[Path], object]] = {
    "lost": Path.unlink,
    "overwritten": lambda file: file.write_bytes(b"not what a training wrote"),
    "cut short": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
}


def test_a_damaged_model_is_never_healthy_and_ends_serve_with_1_and_the_files_name(
    runner: Runner, trained: Trained, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    cases = list(
        product((file.relative_to(trained.model) for file in files_of(trained.model)), DAMAGES)
    )

    def serve(file: Path, damage: str) -> Finished:
        base = tmp_path / f"{file.name}, {damage}"
        shutil.copytree(trained.model, base / "model")
        DAMAGES[damage](base / "model" / file)
        return never_healthy(runner, base)

    for (file, damage), done in zip(cases, pool.map(lambda case: serve(*case), cases), strict=True):
        assert done.code == 1, f"{file} {damage}: {done.output}"
        assert file.name in done.output, damage
        assert not done.left


def never_healthy(runner: Runner, base: Path) -> Finished:
    """Serve until it ends by itself; it never says that it is healthy."""
    with runner.serve(base) as server, ThreadPoolExecutor(1) as waiting:
        ending = waiting.submit(server.wait)
        while not ending.done():
            assert Client(server.port).ping() in NOT_YET
        return ending.result()
