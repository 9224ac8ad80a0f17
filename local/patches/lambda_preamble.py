"""Runs in the process of a Python function, before MiniStack's worker script.

AWS unpacks every layer into /opt; MiniStack unpacks each into a folder of its own. A program of a
layer, such as BucketDeployment's /opt/awscli/aws, is found there; Lambda's interpreter is this one.
What lambda_preamble.js does for Node.js is done here too.
"""

import json
import os
import subprocess
import sys
from typing import Any

END_OF_LOG = "@END_OF_LOG@"
"""local.patches.lambda_runtime has it replaced."""


class _LambdaPopen(subprocess.Popen[Any]):
    def __init__(self, args: Any, *rest: Any, **options: Any) -> None:
        if isinstance(args, list | tuple) and str(args[0]).startswith("/opt/"):
            args = [*_program(str(args[0])), *args[1:]]
        super().__init__(args, *rest, **options)


def _program(path: str) -> list[str]:
    for layer in os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep):
        found = os.path.join(layer, os.path.relpath(path, "/opt"))
        if layer and os.path.exists(found):
            with open(found, "rb") as file:
                lambda_python = file.readline().startswith(b"#!/var/lang/bin/python")
            return [sys.executable, "-sES", found] if lambda_python else [found]
    return [path]


subprocess.Popen = _LambdaPopen  # type: ignore[misc]


class _Answers:
    """Where MiniStack's worker script answers; what a function prints goes elsewhere."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        answer = json.loads(line)
        if answer["status"] != "ready":
            print(END_OF_LOG, file=sys.stderr, flush=True)
        if "trace" in answer:
            line = json.dumps({"status": "ok", "raised": answer}) + "\n"
        self._stream.write(line)

    def flush(self) -> None:
        self._stream.flush()


sys.stdout = _Answers(sys.stdout)
