"""CloudFormation's helper scripts for Python 3, made from AWS's own release for Python 2.

PyPI has 1.4-31, the last of those; AWS publishes the releases for Python 3 in a bucket of its own
only. The code of cfn-init, its tools and cfn-signal is AWS's; what is changed is the language (by
lib2to3), what Python has removed since, the copy of requests that came with it, and the
version of the metadata service that it asks.
"""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

# what requests was vendored as; a Ubuntu image for EC2 has it by cloud-init
_PACKAGES = '''"""Requests, where the helper scripts have a copy of it."""

import sys

import requests
import requests.adapters
import requests.auth
import requests.exceptions

for _name, _module in list(sys.modules.items()):
    if _name == "requests" or _name.startswith("requests."):
        sys.modules[f"{__name__}.{_name}"] = _module
'''
_SETUP = """from setuptools import setup

setup(
    name="aws-cfn-bootstrap",
    version="2.0",
    packages=["cfnbootstrap", "cfnbootstrap.packages", "cfnbootstrap.resources",
              "cfnbootstrap.resources.documents"],
    package_data={"cfnbootstrap.resources.documents": ["endpoints.json"]},
    scripts=["bin/cfn-init", "bin/cfn-signal"],
)
"""
_METADATA_TOKEN = """
def _metadata_token():
    token = requests.put('http://169.254.169.254/latest/api/token', timeout=5,
                         headers={'X-aws-ec2-metadata-token-ttl-seconds': '60'})
    token.raise_for_status()
    return {'X-aws-ec2-metadata-token': token.text}

"""


def make(release: Path, target: Path, work: Path) -> None:
    """Write to `target` an archive as AWS's for Python 3, made in `work` from that of PyPI."""
    with tarfile.open(release) as archive:
        archive.extractall(work, filter="data")
    (unpacked,) = work.glob("aws-cfn-bootstrap-*")
    shutil.rmtree(unpacked / "cfnbootstrap/packages/requests")
    scripts = [unpacked / "bin/cfn-init", unpacked / "bin/cfn-signal"]
    subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-m", "lib2to3"),
            *("--write", "--nobackups", "--no-diffs"),
            *map(str, (unpacked / "cfnbootstrap", *scripts)),
        ],
        check=True,
        capture_output=True,
    )
    (unpacked / "cfnbootstrap/packages/__init__.py").write_text(_PACKAGES)
    (unpacked / "setup.py").write_text(_SETUP)
    (unpacked / "setup.cfg").unlink()
    _mend(unpacked / "cfnbootstrap/util.py", *_UTIL)
    _mend(unpacked / "cfnbootstrap/resources/documents/__init__.py", *_IMP)
    for path, changes in _FILES.items():
        _mend(unpacked / path, *changes)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:gz") as archive:
        archive.add(unpacked, "aws-cfn-bootstrap-2.0")


_IMP = ((r"^import imp$", ""), (r'imp\.is_frozen\("__main__"\)', "False"))
_UTIL = (
    _IMP[0],
    (r"for line in (output|stderr)\.splitlines", r"for line in \1.decode().splitlines"),
    (r"\.isAlive\(\)", ".is_alive()"),
    (r"\n# Instance metadata\n#=+\n", lambda found: found[0] + _METADATA_TOKEN),
    (r"(requests\.get\('http://169\.254\.169\.254/[^,]*,)", r"\1 headers=_metadata_token(),"),
)
# what Python 2 took for text as well as for bytes
_FILES: dict[str, tuple[tuple[str, str], ...]] = {
    "cfnbootstrap/aws_client.py": (
        (r"if verb == 'POST' else ''\)", "if verb == 'POST' else b'')"),
    ),
    "cfnbootstrap/apt_tool.py": (
        (r"result\.stdout\.strip\(\)", "result.stdout.decode().strip()"),
        (r"Output: %s\", result\.stdout", 'Output: %s", result.stdout.decode()'),
    ),
    "cfnbootstrap/file_tool.py": ((r"\bfile\(filename", "open(filename"),),
    "cfnbootstrap/cfn_logging.py": ((r"return x\.decode\('utf-8'\)", "return x"),),
    "cfnbootstrap/construction.py": (
        (r"def has_key\(", "def __contains__("),
        (r"cmp=CloudFormationCarpenter\._pkgsort", "key=lambda item: item[0] != 'rpm'"),
    ),
    "bin/cfn-init": (
        (r"\bfile\(", "open("),
        (r'__name__ is "', '__name__ == "'),
    ),
}


def _mend(path: Path, *changes: tuple) -> None:  # type: ignore[type-arg]
    text = path.read_text()
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count, f"{pattern} is not in {path}"
    path.write_text(text)
