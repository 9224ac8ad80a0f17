"""`make api-page`: the page in the browser until Ctrl-C."""

from http import HTTPStatus

from rich.console import Console

from cli.api_page.caller import Caller
from cli.api_page.server import DOCUMENT, PageServer
from cli.local_page import assert_free, end_as_by_ctrl_c, open_in_browser
from cli.problems import ApiFailed
from cli.report import say

API_PAGE_PORT = 8081


def open_api_page(api: Caller, console: Console, *, port: int, browser: bool) -> None:
    """Serve the page until Ctrl-C.

    Raises InputError if the port is taken, ApiFailed if the API does not give its document.
    """
    assert_free(port)
    answer = api.send("GET", DOCUMENT, b"", {})
    if answer.status != HTTPStatus.OK:
        said = answer.body.decode(errors="replace")
        raise ApiFailed(f"{api.url}{DOCUMENT} answers {answer.status}: {said}")
    end_as_by_ctrl_c()
    with PageServer(port, api.send) as server:
        say(console, ("page", server.origin), ("API", api.url))
        console.print("Its requests have your credentials. Ctrl-C ends it.")
        if browser and not open_in_browser(server.origin):
            console.print("There is no browser here that could be opened: open the page yourself.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("\nThe page is closed.")
