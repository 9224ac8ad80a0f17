"""Python functions run as in Lambda: by a bare interpreter, with layers below /opt."""

import sys
from importlib.metadata import distribution
from pathlib import Path

from ministack.core import lambda_runtime

from local.patches.function_logs import END_OF_LOG
from local.run_directory import RunDirectory

RUNTIME_PACKAGES = (
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "six",
    "urllib3",
)
"""What the Python runtime of Lambda itself has: the CDK's own functions rely on its boto3."""


def apply(run: RunDirectory) -> None:
    """Have functions started with a preamble, Python's with `run.bin/lambda-python`."""
    interpreter = _bare_interpreter(run)
    packages = _runtime_packages(run)
    worker = lambda_runtime._PYTHON_WORKER_SCRIPT
    script = f"{_preamble('py')}\nsys.path.append({str(packages)!r})\n{worker}"
    javascript = _preamble("js")
    detect = lambda_runtime._detect_runtime_binary

    # MiniStack uses its own interpreter, where every package of this project can be imported: a
    # dependency that was forgotten in the bundle would be missed only on AWS.
    def detect_runtime_binary(runtime: str) -> tuple[str, str]:
        if runtime.startswith("python"):
            return str(interpreter), script
        binary, worker = detect(runtime)
        return binary, javascript + worker if runtime.startswith("nodejs") else worker

    lambda_runtime._detect_runtime_binary = detect_runtime_binary


def _preamble(suffix: str) -> str:
    code = (Path(__file__).parent / f"lambda_preamble.{suffix}").read_text()
    return code.replace("@END_OF_LOG@", END_OF_LOG)


def _bare_interpreter(run: RunDirectory) -> Path:
    # -I: no PYTHON* variables, no folder of the script on the path; -S: no site-packages.
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix) / "bin" / f"python{version}"
    script = run.bin / "lambda-python"
    script.write_text(f'#!/bin/sh\nexec "{base}" -I -S "$@"\n')
    script.chmod(0o755)
    return script


def _runtime_packages(run: RunDirectory) -> Path:
    folder = run.path / "lambda-runtime"
    folder.mkdir()
    for name in RUNTIME_PACKAGES:
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
            (folder / top).symlink_to(Path(str(installed.locate_file(top))))
    return folder
