"""An AWS of our own on this machine: MiniStack with a SageMaker that runs the containers."""
