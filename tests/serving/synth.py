"""Write the template of every way to serve that loads: `python -m tests.serving.synth FOLDER`.

A program of its own, as CDK_VALIDATION=false, which leaves out the CDK's linter, is for a whole
process. The linter takes most of a synth, and tests/stacks has it look at every construct.
"""

import sys

from aws_cdk import App, DefaultStackSynthesizer

from environments.schema import Environment
from stacks.shared import SharedStack
from stacks.workload import WorkloadStack
from tests.serving.matrix import accepted, workload


def main(folder: str) -> None:
    """One app, with a stack for each that has the name of its workload."""
    app = App(outdir=folder, analytics_reporting=False, tree_metadata=False)
    environment = Environment()
    shared = SharedStack(
        app,
        "shared",
        environment=environment,
        workloads=(),
        synthesizer=DefaultStackSynthesizer(),
    )
    for name in accepted():
        WorkloadStack(
            app,
            name,
            environment=environment,
            workload=workload(name),
            shared=shared,
            placement=None,
            synthesizer=DefaultStackSynthesizer(),
        )
    app.synth()


if __name__ == "__main__":
    main(*sys.argv[1:])
