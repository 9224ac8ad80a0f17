"""`make dev-host`: from a host that may be stopped to RStudio in the browser."""

from rich.console import Console

from cli import local_aws
from cli.dev_host import instance, notebook, plugin, session
from cli.dev_host.account import HostAccount
from cli.dev_host.deployed import DeployedHost
from cli.dev_host.plugin import Tunnel
from cli.local_page import assert_free, end_as_by_ctrl_c, open_in_browser
from cli.problems import HostFailed
from cli.report import say
from environments.schema import Environment

URL_TAG = "sagestack:rstudio-url"
"""Of an instance of the embedded AWS: where its machine publishes RStudio."""


def open_host(
    account: HostAccount,
    console: Console,
    *,
    environment: Environment,
    file: str,
    port: int,
    browser: bool,
) -> None:
    """Start the host, and open it. An RStudio host's tunnel stays until Ctrl-C.

    Raises InputError if it is not deployed, the port is taken or the plugin is not there, and
    HostFailed if the host or the tunnel does not come up, or ends by itself.
    """
    host = DeployedHost.find(account.account, environment=environment, file=file)
    if host.notebook is not None:
        notebook.open_notebook(account.account.sagemaker, host.notebook, console, browser=browser)
        return
    assert host.instance_id is not None, "the stack has one of the two"
    if local_aws.is_used():
        _open_of_embedded_aws(account, console, host.instance_id, browser=browser)
        return
    # before the machine is started, which costs
    plugin.assert_installed()
    assert_free(port)
    end_as_by_ctrl_c()
    running = instance.start(account.ec2, host.instance_id, console)
    asked = session.forwarding(host.instance_id, port)
    started = session.start_session(account.ssm, asked, running, console)
    try:
        with plugin.tunnel(account.ssm, asked, started) as tunnel:
            session.wait_for_rstudio(tunnel, port, console)
            _show(f"http://127.0.0.1:{port}", console, browser=browser)
            console.print("Ctrl-C closes the tunnel.")
            _stay(tunnel)
    except KeyboardInterrupt:
        console.print("\nThe tunnel is closed; the host goes on. make dev-host-stop stops it now.")


def stop_host(
    account: HostAccount, console: Console, *, environment: Environment, file: str
) -> None:
    """Stop the host of either kind. Raises InputError if it is not deployed."""
    host = DeployedHost.find(account.account, environment=environment, file=file)
    if host.notebook is not None:
        before, name = notebook.stop(account.account.sagemaker, host.notebook), host.notebook
    else:
        assert host.instance_id is not None, "the stack has one of the two"
        before, name = instance.stop(account.ec2, host.instance_id), host.instance_id
    already = before.lower() in ("stopping", "stopped")
    say(console, (f"{before.lower()} already" if already else "stopping", name))


def _stay(tunnel: Tunnel) -> None:
    tunnel.process.wait()
    raise HostFailed(
        f"the tunnel has closed, as it does when the host stops or nothing went through it for a "
        f"while: {tunnel.said()}; make dev-host opens it again"
    )


def _show(url: str, console: Console, *, browser: bool) -> None:
    say(
        console,
        ("address", url),
        ("user", "rstudio"),
        ("password", "make dev-host-password prints it"),
    )
    if browser and not open_in_browser(url):
        console.print("There is no browser here that could be opened: open the address yourself.")


def _open_of_embedded_aws(
    account: HostAccount, console: Console, instance_id: str, *, browser: bool
) -> None:
    """There is no Session Manager: the machine itself says where it is, if there is one."""
    running = instance.start(account.ec2, instance_id, console)
    tags = {tag["Key"]: tag["Value"] for tag in running.get("Tags", [])}
    if URL_TAG not in tags:
        raise HostFailed(
            f"{instance_id} of the embedded AWS is a record and no machine, as there is no Docker "
            f"engine for one: its tag {URL_TAG} would be the address of RStudio"
        )
    _show(tags[URL_TAG], console, browser=browser)
