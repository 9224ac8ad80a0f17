"""A mirror of what a dev host downloads, where the internet cannot be reached, in the same layout.

`<folder>/<host>/<path>` stands in for `https://<host>/<path>`. The archives of Ubuntu are not in
it: a machine gets those from where they are.
"""

from collections.abc import Iterable
from pathlib import Path

from environments.dev_host_downloads import RSTUDIO_VERSION, Download, downloads
from tests.dev_host.mirror import helper_scripts, rstudio_server


def make(folder: Path, work: Path, helpers_release: Path) -> Iterable[Download]:
    """Fill the mirror with all that a host of this architecture downloads, and list that."""
    work.mkdir(parents=True)
    scripts, rstudio = downloads("amd64")
    helper_scripts.make(helpers_release, path_of(folder, scripts), work / "helpers")
    rstudio_server.make(
        path_of(folder, rstudio), work / "rstudio", version=RSTUDIO_VERSION, architecture="amd64"
    )
    return scripts, rstudio


def path_of(folder: Path, download: Download) -> Path:
    """Return where the mirror has a file."""
    return folder / download.url.removeprefix("https://")
