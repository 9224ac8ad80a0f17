import json
from pathlib import Path

import pytest

from local.runners import ImageError
from local.runners.images import Reference, layer_of, unpack_layer


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
