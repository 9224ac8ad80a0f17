import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.runners import ImageError, images
from local.runners.images import Reference, layer_of, unpack_layer

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app/mars:1"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "mars"
    (folder / "R").mkdir(parents=True)
    (folder / "train").write_text("#!/bin/sh\n")
    (folder / "train").chmod(0o755)
    (folder / "R" / "model.R").write_text("x <- 1\n")
    return folder


def test_a_layer_gives_back_the_files_and_their_modes(context: Path, tmp_path: Path) -> None:
    target = tmp_path / "unpacked"
    unpack_layer(layer_of(context), target)
    assert (target / "R" / "model.R").read_text() == "x <- 1\n"
    assert (target / "train").stat().st_mode & 0o111
    assert not (target / "R" / "model.R").stat().st_mode & 0o111


def test_the_same_content_makes_the_same_layer(context: Path) -> None:
    first = layer_of(context)
    (context / "train").touch()
    assert layer_of(context) == first


def test_other_content_makes_another_layer(context: Path) -> None:
    first = layer_of(context)
    (context / "train").write_text("#!/bin/sh\nexit 1\n")
    assert layer_of(context) != first


@pytest.mark.parametrize(
    ("uri", "expected", "image_id"),
    [
        ("1.dkr.ecr.us-east-1.amazonaws.com/a/mars:v1", ("a/mars", "v1"), {"imageTag": "v1"}),
        ("127.0.0.1:4566/mars", ("mars", "latest"), {"imageTag": "latest"}),
        ("127.0.0.1:4566/mars@sha256:ab", ("mars", "sha256:ab"), {"imageDigest": "sha256:ab"}),
    ],
)
def test_a_uri_names_repository_and_version(
    uri: str, expected: tuple[str, str], image_id: dict[str, str]
) -> None:
    reference = Reference.parse(uri)
    assert (reference.repository, reference.version) == expected
    assert json.dumps(reference.image_id) == json.dumps(image_id)


def test_a_uri_without_a_registry_is_refused() -> None:
    with pytest.raises(ImageError, match="library/r-base names no registry"):
        Reference.parse("library/r-base")


@pytest.fixture
def found(context: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What ECR says of an image of the context, whose blobs its registry has."""
    config = {"config": {"Labels": {images.MARKER_LABEL: "true"}, "Env": ["PATH=/opt/program"]}}
    blobs = {"config": json.dumps(config).encode(), "layer": layer_of(context)}
    monkeypatch.setattr(images, "_request", lambda _method, url: blobs[url.rpartition("/")[2]])
    manifest = {"config": {"digest": "config"}, "layers": [{"digest": "layer"}]}
    return {"imageId": {"imageDigest": "sha256:ab"}, "imageManifest": json.dumps(manifest)}


def test_an_image_that_is_being_unpacked_is_waited_for(
    found: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(layer: bytes, target: Path) -> None:
        begun.set()
        assert go_on.wait(30)
        unpack_layer(layer, target)

    def has_its_programs() -> bool:
        pulled = images.pull(IMAGE, found, "http://registry", tmp_path / "cache")
        return (pulled.programs / "R" / "model.R").is_file()

    monkeypatch.setattr(images, "unpack_layer", slowly)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(has_its_programs)
        assert begun.wait(30)
        second = pool.submit(has_its_programs)
        threading.Event().wait(0.2)  # what does not wait has ended by then
        go_on.set()
        assert first.result(30)
        assert second.result(30)


def test_an_image_that_could_not_be_unpacked_is_unpacked_anew(
    found: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_layer: bytes, target: Path) -> None:
        (target / "train").touch()
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(images, "unpack_layer", fails)
        with pytest.raises(OSError, match="no space left"):
            images.pull(IMAGE, found, "http://registry", tmp_path / "cache")
    pulled = images.pull(IMAGE, found, "http://registry", tmp_path / "cache")
    assert (pulled.programs / "R" / "model.R").is_file()
