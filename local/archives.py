"""Unpacking archives that a container or a registry gave us, inside one folder only."""

import tarfile
from collections.abc import Iterable
from pathlib import Path


def unpack(tar: tarfile.TarFile, target: Path, members: Iterable[tarfile.TarInfo]) -> None:
    """Unpack `members` below `target`. Raises tarfile.TarError for one that leads outside of it."""
    for member in members:
        if hasattr(tarfile, "data_filter"):
            tar.extract(member, target, filter="data")
        else:  # Python 3.11.2, Debian 12's own, has no filters yet
            _check(member, target.resolve())
            tar.extract(member, target, set_attrs=member.isreg())


def _check(member: tarfile.TarInfo, target: Path) -> None:
    """Refuse what the filter "data" refuses."""
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise tarfile.ExtractError(f"{member.name} is no file, folder or link")
    place = target / member.name
    leads_to = [place]
    if member.issym():
        leads_to.append(place.parent / member.linkname)
    elif member.islnk():
        leads_to.append(target / member.linkname)
    for path in leads_to:
        if not path.resolve().is_relative_to(target):
            raise tarfile.ExtractError(f"{member.name} leads outside of its archive")
