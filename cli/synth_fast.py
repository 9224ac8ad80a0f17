"""`python -m cli.synth_fast`: the templates of `cdk synth`, without its checks and its start.

The linter and cdk-nag are half of a synth's time, and the start of the CDK's command line a sixth.
"""

import gc
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# what the CDK's command line adds to cdk.json's context, as far as a template shows it
_OF_THE_COMMAND_LINE = {
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
}


def synth_fast(environment: str, output: str) -> None:
    """Write to `output` what environments/<environment>.toml asks for."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    context |= {**_OF_THE_COMMAND_LINE, "environment": environment}
    # what an earlier synth found is not about these templates
    Path(output, "validation-report.json").unlink(missing_ok=True)
    os.environ["CDK_OUTDIR"] = output
    os.environ["CDK_CONTEXT_JSON"] = json.dumps(context)
    os.environ["CDK_VALIDATION"] = "false"
    gc.disable()  # a process of seconds: looking for what can be freed would take a tenth of them
    # Node.js, which the import starts, is given the variables as they are by then
    from app import main  # noqa: PLC0415

    main()


if __name__ == "__main__":
    synth_fast(*sys.argv[1:])
