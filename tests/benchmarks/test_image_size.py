from __future__ import annotations

import io
import tarfile

from benchmarks.image_size import _read


def test_bytes_are_those_of_the_package_that_brought_the_file() -> None:
    files = {
        "usr/bin/tool": b"12345",  # dpkg still calls it /bin/tool
        "usr/lib/libr.so": b"123",
        "opt/program/serve": b"1",
        "var/lib/dpkg/info/tool:amd64.list": b"/.\n/bin\n/bin/tool\n",
        "var/lib/dpkg/info/r-base.list": b"/usr/lib/libr.so\n",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    packed.seek(0)
    sizes, owners = _read(packed)
    assert sizes == {name: len(content) for name, content in files.items()}
    assert owners["usr/bin/tool"] == "tool"
    assert owners["usr/lib/libr.so"] == "r-base"
    assert "opt/program/serve" not in owners
