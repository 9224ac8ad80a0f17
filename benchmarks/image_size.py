"""What is in each image, and how large it is."""

from __future__ import annotations

import gzip
import subprocess
import tarfile
from collections import defaultdict
from typing import IO

from benchmarks.containers import ROOT, build_container, docker
from benchmarks.measurements import Findings, Limit, Measurement, at_most
from benchmarks.sections import Report, Section

_MEGABYTE = 1_000_000
_LIMITS: dict[str, Limit] = {"mars": at_most(189)}
_SHOWN_PACKAGES = 14
_INFO = "var/lib/dpkg/info/"


def _run(_rounds: int, report: Report) -> Findings:
    found, notes = [], []
    for name in sorted(each.parent.name for each in (ROOT / "container").glob("*/Dockerfile")):
        report(f"build {name}")
        tag = build_container(name)
        size = int(docker("image", "inspect", "--format={{.Size}}", tag)) / _MEGABYTE
        found.append(Measurement(f"{name}: image", "MB", [size], limit=_LIMITS.get(name)))
        report(f"compress {name}")
        found.append(Measurement(f"{name}: compressed", "MB", [compressed_bytes(tag) / _MEGABYTE]))
        notes.append(_table(name, bytes_of_packages(tag)))
    return Findings(found, "\n\n".join(notes))


def compressed_bytes(tag: str) -> int:
    """Return about what a registry keeps of an image, and a new instance pulls of it: gzip's."""
    with subprocess.Popen(["docker", "save", tag], stdout=subprocess.PIPE) as saving:
        counted = _Counter()
        with gzip.GzipFile("", "wb", 6, counted) as compressed:
            assert saving.stdout
            while block := saving.stdout.read(1 << 20):
                compressed.write(block)
    if saving.returncode:
        raise RuntimeError(f"docker save {tag}: {saving.returncode}")
    return counted.count


def bytes_of_packages(tag: str) -> dict[str, int]:
    """Return the bytes of an image's files by the Debian package that they are of."""
    container = docker("create", tag)
    try:
        with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as exporting:
            assert exporting.stdout
            sizes, owners = _read(exporting.stdout)
    finally:
        docker("rm", container)
    if exporting.returncode or not sizes:
        raise RuntimeError(f"docker export {tag}: {exporting.returncode}")
    packages: dict[str, int] = defaultdict(int)
    for path, size in sizes.items():
        packages[owners.get(path) or _other(path)] += size
    return packages


def _read(exported: IO[bytes]) -> tuple[dict[str, int], dict[str, str]]:
    """Return the size of each file and the package of each path, of an exported file system."""
    sizes, owners = {}, {}
    with tarfile.open(fileobj=exported, mode="r|") as tar:
        for member in tar:
            if not member.isfile():
                continue
            sizes[member.name] = member.size
            if member.name.startswith(_INFO) and member.name.endswith(".list"):
                package = member.name.removeprefix(_INFO).removesuffix(".list").partition(":")[0]
                content = tar.extractfile(member)
                assert content
                for line in content.read().decode().splitlines():
                    owners[_merged(line.lstrip("/"))] = package
    return sizes, owners


def _merged(path: str) -> str:
    """Spell a path as it is where /bin, /sbin and /lib* are links into /usr."""
    top = path.partition("/")[0]
    return f"usr/{path}" if top in {"bin", "sbin", "lib", "lib32", "lib64", "libx32"} else path


def _other(path: str) -> str:
    """Name what no package has brought."""
    return "/".join(["", *path.split("/")[:2]])


def _table(name: str, packages: dict[str, int]) -> str:
    largest = sorted(packages.items(), key=lambda each: -each[1])
    shown, rest = largest[:_SHOWN_PACKAGES], largest[_SHOWN_PACKAGES:]
    lines = [f"| {name}: Debian package, or folder | MB |", "|---|---|"]
    lines += [f"| {package} | {size / _MEGABYTE:.1f} |" for package, size in shown]
    lines.append(f"| {len(rest)} more | {sum(size for _, size in rest) / _MEGABYTE:.1f} |")
    lines.append(f"| **all** | **{sum(packages.values()) / _MEGABYTE:.1f}** |")
    return "\n".join(lines)


class _Counter:
    """A file that only counts what is written to it."""

    count = 0

    def write(self, block: bytes) -> int:
        self.count += len(block)
        return len(block)

    def flush(self) -> None:
        """Do nothing: there is nothing to wait for."""


SECTION = Section(
    name="image-size",
    title="Image size",
    method=(
        "What `docker image inspect` gives as the size, unpacked; *compressed* is gzip's of "
        "`docker save`, about what a new instance pulls. The tables have the bytes of the files of "
        "each Debian package; what is below /usr/share/doc, for instance, is not installed."
    ),
    rounds=1,
    run=_run,
)
