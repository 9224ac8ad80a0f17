"""Which dev host is deployed, by the outputs of its stack."""

from dataclasses import dataclass

from cli.account import Account
from cli.problems import InputError
from environments.schema import Environment


@dataclass(frozen=True)
class DeployedHost:
    """One of the two kinds: an EC2 instance with a password, or a notebook instance."""

    instance_id: str | None
    password_secret: str | None
    notebook: str | None

    @classmethod
    def find(cls, account: Account, *, environment: Environment, file: str) -> "DeployedHost":
        """Find it. `file` is the environment's. Raises InputError, with what to do, if it is not.

        The stack is what counts, not the file: a host that goes on costing can still be stopped.
        """
        try:
            outputs = account.outputs(f"{environment.name}-dev-host")
        except InputError as error:
            if environment.dev_host is not None:
                raise
            raise InputError(
                f"environments/{file}.toml has no table [dev_host], and there is no stack "
                f"{environment.name}-dev-host: add the table, as docs/dev-host.md says, and make "
                "deploy"
            ) from error
        return cls(
            instance_id=outputs.get("InstanceId"),
            password_secret=outputs.get("PasswordSecret"),
            notebook=outputs.get("NotebookInstanceName"),
        )
