"""`python -m cli train` and its like, as `make` calls them; errors are one line each."""

import argparse
import sys
from pathlib import Path

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from rich.console import Console

from cli import local_aws
from cli.account import Account, assert_credentials, session_of
from cli.answers import assert_folder
from cli.api_calls import curl
from cli.api_page.caller import Caller
from cli.api_page.open import API_PAGE_PORT, open_api_page
from cli.deploy import deploy
from cli.dev_host.account import HostAccount
from cli.dev_host.open import open_host, stop_host
from cli.dev_host.password import show_password
from cli.dev_host.session import RSTUDIO_PORT
from cli.local_page import local_port, opens
from cli.lock_downloads import lock_downloads
from cli.logs import logs
from cli.new_workload import new_workload
from cli.problems import (
    ApiFailed,
    DownloadFailed,
    HostFailed,
    InputError,
    JobFailed,
    StackFailed,
)
from cli.remove import cdk_destroy, remove
from cli.stop import stop
from cli.tokens import token
from cli.train import train
from cli.transform import transform
from cli.words import (
    agrees,
    hyperparameters,
    max_runtime,
    waits,
    workload_named,
    workloads_named,
    yes_or_no,
)
from environments.dev_host_downloads import ALL, LOCK
from environments.loading import load_environment, load_settings
from workloads.loading import SettingsError

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Run a command; 0 if it held, 1 if a job, a stack or AWS failed, 2 if the input was wrong."""
    asked = _parser().parse_args(arguments)
    console = Console(highlight=False)
    try:
        asked.run(asked, console)
    except (InputError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 2
    except (ApiFailed, DownloadFailed, HostFailed, JobFailed, StackFailed) as error:
        console.print("[red]✗[/] ", end="")
        console.print(str(error), markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    except (NoCredentialsError, NoRegionError) as error:
        print(f"{str(error).rstrip('.')}{local_aws.hint(ROOT)}", file=sys.stderr)
        return 2
    except (Boto3Error, BotoCoreError, ClientError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _train(asked: argparse.Namespace, console: Console) -> None:
    settings = load_settings(ROOT, asked.environment)
    workload, wait = workload_named(asked.workload, settings), waits(asked.wait)
    changed, longest = hyperparameters(asked.set), max_runtime(asked.max_runtime)
    train(
        Account.connect(settings.environment.region),
        console,
        environment=settings.environment,
        workload=workload,
        model=asked.model,
        changed=changed,
        max_runtime=longest,
        wait=wait,
    )


def _transform(asked: argparse.Namespace, console: Console) -> None:
    settings = load_settings(ROOT, asked.environment)
    workload, wait = workload_named(asked.workload, settings), waits(asked.wait)
    transform(
        Account.connect(settings.environment.region),
        console,
        environment=settings.environment,
        workload=workload,
        given=asked.input,
        output=asked.output,
        wait=wait,
    )


def _logs(asked: argparse.Namespace, console: Console) -> None:
    environment = load_environment(ROOT / "environments" / f"{asked.environment}.toml")
    assert_folder(asked.output)
    logs(
        Account.connect(environment.region),
        console,
        environment=environment,
        name=asked.job,
        workload=asked.workload,
        output=asked.output,
    )


def _stop(asked: argparse.Namespace, console: Console) -> None:
    environment = load_environment(ROOT / "environments" / f"{asked.environment}.toml")
    stop(Account.connect(environment.region), console, environment=environment, name=asked.job)


def _token(asked: argparse.Namespace, console: Console) -> None:
    environment = load_environment(ROOT / "environments" / f"{asked.environment}.toml")
    account = Account.connect(environment.region)
    token(account, console, environment=environment, person=asked.person)


def _curl(asked: argparse.Namespace, console: Console) -> None:
    settings = load_settings(ROOT, asked.environment)
    workload = workload_named(asked.workload, settings)
    region = settings.environment.region
    curl(
        Account.connect(region),
        console,
        environment=settings.environment,
        workload=workload,
        region=session_of(region).region_name,
    )


def _check(asked: argparse.Namespace, _console: Console) -> None:
    environment = load_environment(ROOT / "environments" / f"{asked.environment}.toml")
    assert_credentials(environment.region)


def _deploy(asked: argparse.Namespace, _console: Console) -> None:
    settings = load_settings(ROOT, asked.environment)
    workloads = workloads_named(asked.workloads, settings)
    assert_credentials(settings.environment.region)
    deploy(workloads, settings=settings, file=asked.environment)


def _remove(asked: argparse.Namespace, console: Console) -> None:
    settings, yes = load_settings(ROOT, asked.environment), agrees(asked.yes)
    remove(
        Account.connect(settings.environment.region),
        console,
        settings=settings,
        file=asked.environment,
        name=asked.workload,
        yes=yes,
    )


def _new_workload(asked: argparse.Namespace, console: Console) -> None:
    new_workload(ROOT, console, name=asked.name, starter=getattr(asked, "from"))


def _destroy(asked: argparse.Namespace, console: Console) -> None:
    yes = agrees(asked.yes)
    _check(asked, console)
    cdk_destroy("--all", file=asked.environment, yes=yes)


def _api_page(asked: argparse.Namespace, console: Console) -> None:
    environment = load_environment(ROOT / "environments" / f"{asked.environment}.toml")
    port, browser = local_port(asked.port, API_PAGE_PORT), opens(asked.open)
    api = Caller.of(Account.connect(environment.region), environment)
    open_api_page(api, console, port=port, browser=browser)


def _dev_host(asked: argparse.Namespace, console: Console) -> None:
    environment = load_environment(ROOT / "environments" / f"{asked.environment}.toml")
    port, browser = local_port(asked.port, RSTUDIO_PORT), opens(asked.open)
    open_host(
        HostAccount.connect(environment.region),
        console,
        environment=environment,
        file=asked.environment,
        port=port,
        browser=browser,
    )


def _dev_host_password(asked: argparse.Namespace, console: Console) -> None:
    environment = load_environment(ROOT / "environments" / f"{asked.environment}.toml")
    rotate = yes_or_no("ROTATE", asked.rotate, default=False)
    show_password(
        HostAccount.connect(environment.region),
        console,
        Console(stderr=True, highlight=False),
        environment=environment,
        file=asked.environment,
        rotate=rotate,
    )


def _dev_host_stop(asked: argparse.Namespace, console: Console) -> None:
    environment = load_environment(ROOT / "environments" / f"{asked.environment}.toml")
    account = HostAccount.connect(environment.region)
    stop_host(account, console, environment=environment, file=asked.environment)


def _lock_downloads(_asked: argparse.Namespace, console: Console) -> None:
    lock_downloads(console, urls=[download.url for download in ALL], lock=LOCK)


COMMANDS = {
    "new-workload": (_new_workload, ("name", "from")),
    "train": (_train, ("workload", "model", "set", "max-runtime", "wait")),
    "transform": (_transform, ("workload", "input", "output", "wait")),
    "logs": (_logs, ("job", "workload", "output")),
    "stop": (_stop, ("job",)),
    "token": (_token, ("person",)),
    "curl": (_curl, ("workload",)),
    "check": (_check, ()),
    "deploy": (_deploy, ("workloads",)),
    "remove": (_remove, ("workload", "yes")),
    "destroy": (_destroy, ("yes",)),
    "api-page": (_api_page, ("port", "open")),
    "dev-host": (_dev_host, ("port", "open")),
    "dev-host-password": (_dev_host_password, ("rotate",)),
    "dev-host-stop": (_dev_host_stop, ()),
    "lock-downloads": (_lock_downloads, ()),
}


def _parser() -> argparse.ArgumentParser:
    """Take the words of `make`, any of which may be empty."""
    parser = argparse.ArgumentParser(prog="python -m cli", allow_abbrev=False)
    commands = parser.add_subparsers(required=True)
    for command, (run, words) in COMMANDS.items():
        subparser = commands.add_parser(command, allow_abbrev=False)
        for word in words:
            subparser.add_argument(f"--{word}", default="")
        subparser.add_argument("--environment", default="default")
        subparser.set_defaults(run=run)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
