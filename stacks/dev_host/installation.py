"""What makes an Ubuntu a dev host: the user data, and cfn-init's config sets.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-init.html
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import Fn, Stack
from constructs import IConstruct

from environments.dev_host_downloads import DEV_HOST, helper_scripts, rstudio_server
from stacks.container_images import CONTAINERS

_READABLE, _EXECUTABLE = "000644", "000755"


@dataclass(frozen=True)
class Installation:
    """The installation of a host of `architecture`, for the app called `app_name`.

    `settings` is what dev_host/host/settings.py reads; tokens may be in it.
    """

    app_name: str
    region: str
    architecture: str
    settings: Mapping[str, Any]

    def metadata(self) -> dict[str, Any]:
        """Return AWS::CloudFormation::Init of the instance's metadata."""
        rstudio = rstudio_server(self.architecture)
        configs: dict[str, dict[str, Any]] = {
            "packages": {"packages": {"apt": dict(sorted(_packages().items()))}},
            "files": {"files": self._files()},
            "workspace": _commands(
                "id --user rstudio || "
                "useradd --uid 1500 --no-create-home --shell /bin/bash --groups docker rstudio",
                "systemctl daemon-reload",
                "systemctl enable --now sagestack-workspace.service",
            ),
            "rstudio": _commands(
                f"/opt/sagestack/install-rstudio.sh {rstudio.url} {rstudio.sha256}"
            ),
            "project": _commands("/opt/sagestack/install-project.sh"),
            "services": _commands(
                "systemctl start sagestack-password.service",
                "systemctl enable --now sagestack-password.timer sagestack-idle-stop.service",
            ),
            "ready": _commands("cd /opt/sagestack && python3 -m host.ready"),
        }
        return {"configSets": {"default": list(configs)}, **configs}

    def digest(self, scope: IConstruct, *also: str) -> str:
        """Return eight characters that change with all that the installation does, and `also`."""
        resolved = Stack.of(scope).resolve(self.metadata())
        content = json.dumps([resolved, _user_data(), _helpers(), also], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    def user_data(self, *, stack: Stack, role: str, resource: str, wait_condition: str) -> str:
        """Return the script of the first boot; tokens are in it.

        `resource` is the logical id of the instance, `wait_condition` the URL of its handle.
        """
        shebang, _, script = _user_data().partition("\n")
        assignments = {
            "STACK": stack.stack_name,
            "REGION": stack.region,
            "ROLE": role,
            "RESOURCE": resource,
            "WAIT_CONDITION": wait_condition,
            **_helpers(),
        }
        lines = [f"{name}='{value}'" for name, value in assignments.items()]
        return Fn.base64("\n".join([shebang, *lines, script]))

    def _files(self) -> dict[str, Any]:
        """Return cfn-init's files: ours, and the configuration of what is installed."""
        files = {
            "/etc/sagestack/dev-host.json": _file(
                {**self.settings, "r_packages": list(_r_packages())}
            ),
            # RStudio listens for the tunnel alone
            "/etc/rstudio/rserver.conf": _file("www-address=127.0.0.1\nwww-port=8787\n"),
            "/etc/R/Renviron.site": _file(
                f"SAGESTACK_APP={self.app_name}\n"
                f"AWS_DEFAULT_REGION={self.region}\n"
                "RETICULATE_PYTHON=/usr/bin/python3\n"
            ),
        }
        for folder, target, mode in (
            (DEV_HOST, "/opt/sagestack", _EXECUTABLE),
            (DEV_HOST / "host", "/opt/sagestack/host", _READABLE),
            (DEV_HOST / "systemd", "/etc/systemd/system", _READABLE),
            (DEV_HOST / "project", "/opt/sagestack/project", _READABLE),
        ):
            pattern = "install-*.sh" if folder == DEV_HOST else "*.*"
            for path in sorted(folder.glob(pattern)):
                files[f"{target}/{path.name}"] = _file(path.read_text(), mode)
        return files


def _user_data() -> str:
    return (DEV_HOST / "user-data.sh").read_text()


def _helpers() -> dict[str, str]:
    helpers = helper_scripts()
    return {"HELPERS_URL": helpers.url, "HELPERS_SHA256": helpers.sha256}


def _file(content: Any, mode: str = _READABLE) -> dict[str, Any]:
    return {"content": content, "mode": mode, "owner": "root", "group": "root"}


def _commands(*lines: str) -> dict[str, Any]:
    """Return a config whose commands run one after the other; cfn-init sorts them by name."""
    return {"commands": {f"{at:02}": {"command": line} for at, line in enumerate(lines, 1)}}


def _packages() -> dict[str, list[str]]:
    """Return Debian packages with their versions, none for what is not pinned."""
    packages: dict[str, list[str]] = {name: [] for name in _workloads_packages()}
    for line in _lines(DEV_HOST / "ubuntu-packages.txt"):
        name, _, version = line.partition("=")
        packages[name] = [version] if version else []
    return packages


def _workloads_packages() -> Iterator[str]:
    """Yield what the project's scripts need, and of R and Python what the containers do."""
    yield from _lines(DEV_HOST / "apt-packages.txt")
    for path in sorted(CONTAINERS.glob("**/apt-packages.txt")):
        yield from (name for name in _lines(path) if name.startswith(("r-", "python3-")))


def _r_packages() -> Iterator[str]:
    """Yield the R packages among them, as ready.py loads them."""
    prefix = "r-cran-"
    names = sorted(name for name in _packages() if name.startswith(prefix))
    yield from (name.removeprefix(prefix) for name in names)


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text().splitlines():
        if name := line.partition("#")[0].strip():
            yield name
