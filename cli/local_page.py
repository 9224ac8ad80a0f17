"""What a command that shows a page of this machine needs: PORT, OPEN, the browser, Ctrl-C."""

import signal
import socket
import webbrowser

from cli.problems import InputError
from cli.words import yes_or_no
from workloads.schema.section import shown


def local_port(text: str, default: int) -> int:
    """Read PORT, which is `default` when it is left out. Raises InputError."""
    if not text:
        return default
    # below 1024 only root may listen
    if not (text.isascii() and text.isdecimal()) or not 1024 <= int(text) <= 65_535:
        raise InputError(f"PORT: found {shown(text)}; allowed: an integer from 1024 to 65535")
    return int(text)


def assert_free(port: int) -> None:
    """Raise InputError if something of this machine listens on the port."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise InputError(
            f"PORT: found {port}, which is taken on this machine; allowed: a free one, as "
            f"PORT={port + 1 if port < 65_535 else port - 1}"
        ) from error


def opens(text: str) -> bool:
    """Read OPEN, which is yes when it is left out. Raises InputError."""
    return yes_or_no("OPEN", text, default=True)


def open_in_browser(url: str) -> bool:
    """Open the URL; tell whether there was a browser for it."""
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False


def end_as_by_ctrl_c() -> None:
    """Let a script that ends this command, or a terminal that closes, end what it has open."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, signal.default_int_handler)
