"""What the scripts of dev_host/project may do: with this app's own jobs, data and API only."""

from aws_cdk import aws_iam as iam

from environments.schema import Environment
from stacks.storage import Storage


def allow_project(role: iam.Role, *, environment: Environment, storage: Storage) -> None:
    """Allow `role` what prototype.R, submit.R and predict.R do."""
