"""An archive is unpacked inside its folder, by every Python from 3.11 on."""

import io
import tarfile
from pathlib import Path

import pytest

from local.archives import unpack


@pytest.fixture(params=["with filters", "without, as Python 3.11.2"])
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "with filters":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)


def _archive(*members: tarfile.TarInfo) -> tarfile.TarFile:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for member in members:
            member.size = 5 if member.isreg() else 0
            tar.addfile(member, io.BytesIO(b"hello") if member.isreg() else None)
    packed.seek(0)
    return tarfile.open(fileobj=packed)


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode = kind, link, 0o755
    return member


@pytest.mark.usefixtures("python")
def test_files_folders_and_links_inside_come_out_as_they_went_in(tmp_path: Path) -> None:
    tar = _archive(
        _member("bin", tarfile.DIRTYPE),
        _member("bin/train"),
        _member("run", tarfile.SYMTYPE, "bin"),
    )
    unpack(tar, tmp_path, tar)
    assert (tmp_path / "run" / "train").read_text() == "hello"
    assert (tmp_path / "bin" / "train").stat().st_mode & 0o111


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize(
    "member",
    [
        _member("../outside"),
        _member("up", tarfile.SYMTYPE, "../../outside"),
        _member("up", tarfile.SYMTYPE, "/etc/passwd"),
        _member("up", tarfile.LNKTYPE, "../outside"),
        _member("null", tarfile.CHRTYPE),
    ],
    ids=["path", "relative link", "absolute link", "hard link", "device"],
)
def test_what_leads_outside_is_refused(tmp_path: Path, member: tarfile.TarInfo) -> None:
    tar = _archive(member)
    with pytest.raises(tarfile.TarError):
        unpack(tar, tmp_path / "inside", tar)
    assert not (tmp_path / "outside").exists()
