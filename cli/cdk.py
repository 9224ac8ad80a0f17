"""The CDK's command line, which takes over from a command."""

import os
import sys
from typing import NoReturn


def go_on_as_cdk(*arguments: str, file: str) -> NoReturn:
    """Become `cdk` with these arguments, for the environment of environments/<file>.toml."""
    sys.stdout.flush()
    command = ["cdk", "--context", f"environment={file}", *arguments]
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
