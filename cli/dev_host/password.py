"""`make dev-host-password`: what the secret of the host's password holds, or a new one."""

from rich.console import Console

from cli.dev_host.account import HostAccount
from cli.dev_host.deployed import DeployedHost
from cli.problems import InputError
from environments.schema import Environment

USER = "rstudio"
LENGTH = 24


def show_password(
    account: HostAccount,
    console: Console,
    remarks: Console,
    *,
    environment: Environment,
    file: str,
    rotate: bool,
) -> None:
    """Print the user and the password, a line each and nothing else, so that both can be pasted.

    Raises InputError if the host is not deployed, or is of the kind that has no password.
    """
    host = DeployedHost.find(account.account, environment=environment, file=file)
    if host.password_secret is None:
        raise InputError(
            f"the dev host is the notebook instance {host.notebook}, which has no password: "
            "make dev-host opens it"
        )
    if rotate:
        made = account.secretsmanager.get_random_password(
            PasswordLength=LENGTH, ExcludePunctuation=True
        )
        account.secretsmanager.put_secret_value(
            SecretId=host.password_secret, SecretString=made["RandomPassword"]
        )
        # sagestack-password.timer looks each minute, and soon after each boot
        remarks.print("A host that runs takes the new password within a minute.")
    secret = account.secretsmanager.get_secret_value(SecretId=host.password_secret)
    for line in (USER, secret["SecretString"]):
        console.print(line, markup=False, soft_wrap=True)
