"""What local training data holds: the name under which it is uploaded."""

import hashlib
from pathlib import Path


def files_of(path: Path) -> list[Path]:
    """List the file itself, or every file under the folder, in the same order everywhere."""
    if path.is_file():
        return [path]
    files = (file for file in path.rglob("*") if file.is_file())
    return sorted(files, key=lambda file: file.relative_to(path).as_posix())


def content_hash(path: Path) -> str:
    """Return 16 hexadecimal digits that change only with the bytes and names of the files.

    Neither the checkout's folder nor a modification time counts: a training job's request holds
    this hash, so the same data on another machine finds the job that was trained on it.
    """
    digest = hashlib.sha256()
    top = path.parent if path.is_file() else path
    for file in files_of(path):
        name = file.relative_to(top).as_posix().encode()
        # Lengths first, so that no two folders run together to the same bytes.
        digest.update(b"%d:%s%d:" % (len(name), name, file.stat().st_size))
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]
