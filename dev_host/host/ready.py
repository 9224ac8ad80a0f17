"""Ends with 0 when people can work: RStudio's login page answers, R loads packages and boto3."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence

from host.settings import USER, Settings

LOGIN_PAGE = "http://127.0.0.1:8787/auth-sign-in"
TIMEOUT = 60
"""Seconds that RStudio Server has to answer."""
AGENT = "snap.amazon-ssm-agent.amazon-ssm-agent.service"
"""Without Session Manager's agent, which Ubuntu's images for EC2 have, nobody gets in."""
# Ubuntu's packages are named in lower case: r-cran-rserve has Rserve.
_LOAD = """
wanted <- commandArgs(TRUE)
installed <- rownames(installed.packages())
found <- installed[match(wanted, tolower(installed))]
loads <- function(name) !is.na(name) && requireNamespace(name, quietly = TRUE)
failed <- wanted[!vapply(found, loads, logical(1L))]
if (length(failed)) {
  message("R does not load ", toString(failed))
  quit(status = 1L)
}
message("R ", getRversion(), " loads ", toString(found))
boto3 <- reticulate::import("boto3")
message("reticulate loads boto3 ", boto3[["__version__"]])
"""


def assert_login_page(
    url: str = LOGIN_PAGE, timeout: float = TIMEOUT, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until the login page answers. Raises TimeoutError with what it answered last."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                page = answer.read()
            if b"RStudio" in page:
                return
            problem = f"a page of {len(page)} bytes without RStudio's name"
        except (urllib.error.URLError, OSError) as error:
            problem = str(error)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{url} did not answer within {timeout} s: {problem}")
        sleep(1)


def assert_packages(names: Sequence[str]) -> None:
    """Load each of R's packages as the user would. Raises CalledProcessError if one fails."""
    command = ["Rscript", "-e", _LOAD, *names]
    subprocess.run(["runuser", "--user", USER, "--", *command], check=True)


def main() -> None:
    """Check all of it; what is wrong is the last that is printed."""
    try:
        subprocess.run(["systemctl", "is-active", "--quiet", AGENT], check=True)
        assert_login_page()
        assert_packages(Settings.load().r_packages)
    except (TimeoutError, subprocess.CalledProcessError) as error:
        print(f"this host is not ready: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
