"""`python -m cli.synth_fast`: the templates of `cdk synth`, without its checks and its start.

The linter and cdk-nag are half of a synth's time, and the start of the CDK's command line a sixth.
"""

import json
import os
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent

# what the CDK's command line adds to cdk.json's context, as far as a template shows it
_OF_THE_COMMAND_LINE = {
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
}


def go_on_as_app(environment: str, output: str) -> NoReturn:
    """Become app.py, which writes to `output` what environments/<environment>.toml asks for."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    context |= {**_OF_THE_COMMAND_LINE, "environment": environment}
    # what an earlier synth found is not about these templates
    Path(output, "validation-report.json").unlink(missing_ok=True)
    variables = {
        **os.environ,
        "CDK_OUTDIR": output,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_VALIDATION": "false",
    }
    app = [sys.executable, str(ROOT / "app.py")]
    os.execve(app[0], app, variables)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    go_on_as_app(*sys.argv[1:])
