"""The browser of this machine, if it has one."""

import webbrowser


def open_in_browser(url: str) -> bool:
    """Open the URL; tell whether there was a browser for it."""
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
