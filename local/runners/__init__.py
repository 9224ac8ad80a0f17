"""What runs a container: Docker where an engine answers, else the container's programs natively."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

PORT = 8080
"""Where SageMaker's hosting contract has the model server listen, inside the container."""


class ImageError(Exception):
    """An image cannot be had, or cannot be run by this runner; the text says why."""


@dataclass(frozen=True)
class ContainerSpec:
    """One container: `image` run with `arguments`, like `train` or `serve`."""

    name: str
    image: str
    arguments: Sequence[str]
    ecr: Any
    """ECR client with the role that pulls the image."""
    log: Callable[[str], None]
    """Called with each line of output, on a thread of the container."""
    entrypoint: Sequence[str] = ()
    """In place of the image's own."""
    environment: Mapping[str, str] = field(default_factory=dict)
    grace: float = 30
    """Seconds from SIGTERM to SIGKILL; 30 is what SageMaker's hosting gives."""
    host: str = ""
    """Its name on `network`."""
    network: str = ""
    """One that the runner's `network` gave; without it, one where its port can be reached."""


class Container(Protocol):
    """A container that was made; its `base_dir`, /opt/ml inside, is filled before it starts."""

    @property
    def base_dir(self) -> Path:
        """The folder on this machine that the container has as /opt/ml."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the model server, once started."""

    def start(self) -> None:
        """Start the command."""

    def wait(self, timeout: float) -> int | None:
        """Return the exit code, or None if it still runs after `timeout` seconds."""

    def stop(self) -> None:
        """SIGTERM; SIGKILL to all that is left after the grace. Returns when it ended."""

    def remove(self) -> None:
        """Delete its folder and whatever else it had. The container must have ended."""


class Runner(Protocol):
    """Makes containers."""

    interface: str
    """What the container's network interface is called inside."""

    def network(self, name: str, *, isolated: bool) -> AbstractContextManager[str]:
        """Make a network, for the length of a block, on which hosts find each other by name.

        Nothing else can be reached from an isolated one.
        """

    def create(self, spec: ContainerSpec) -> Container:
        """Get the image and make the container, not started. Raises ImageError."""
