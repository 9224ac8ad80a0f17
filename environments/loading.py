"""Everything that the app is built from: an environment and the workloads that it deploys."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from environments.dev_host import RStudioHost
from environments.dev_host_downloads import LOCK, downloads, locked
from environments.schema import Environment
from workloads.builtin_images import BUILTINS
from workloads.loading import SettingsError, collecting, load_file, load_workloads, shown_path
from workloads.schema import Workload
from workloads.schema.section import hint, shown


@dataclass(frozen=True)
class Settings:
    """Everything that the app is built from."""

    environment: Environment
    workloads: tuple[Workload, ...]


def load_settings(
    root: Path, environment: str = "default", default_region: str | None = None
) -> Settings:
    """Load environments/<environment>.toml and every workload of the project at root.

    `default_region` is where an environment without a region is deployed, if that is known. Raises
    SettingsError with the problems of all of these files.
    """
    problems: list[str] = []
    with collecting(problems):
        loaded = load_environment(root / "environments" / f"{environment}.toml")
    with collecting(problems):
        workloads = load_workloads(root / "workloads")
    if not problems and (region := loaded.region or default_region):
        problems += _builtins_elsewhere(workloads, region)
    if not problems and loaded.vpc is not None:
        problems += _serverless_in_vpc(workloads)
    if not problems and isinstance(loaded.dev_host, RStudioHost):
        problems += _not_locked(loaded.dev_host)
    if problems:
        raise SettingsError(*problems)
    return Settings(loaded, workloads)


def load_environment(path: Path) -> Environment:
    """Load one environment's file.

    Raises SettingsError with all of its problems.
    """
    if not path.is_file():
        names = sorted(file.stem for file in path.parent.glob("*.toml"))
        there = f"allowed: {', '.join(names)}{hint(path.stem, names)}"
        raise SettingsError(f"{shown_path(path)}: found no such file; {there}")
    return load_file(path, Environment)


def _builtins_elsewhere(workloads: Iterable[Workload], region: str) -> Iterator[str]:
    """Yield each model of a built-in algorithm that AWS does not have in the region."""
    for workload in workloads:
        for name, model in workload.models.items():
            builtin = BUILTINS.get(model.image.builtin or "")
            if builtin is not None and region not in builtin.accounts:
                key = f"workloads/{workload.name}.toml: models.{name}.image.builtin"
                there = f"a region that has {builtin.title}: {', '.join(builtin.accounts)}"
                yield f"{key}: found {shown(region)}, where it would be deployed; allowed: {there}"


def _serverless_in_vpc(workloads: Iterable[Workload]) -> Iterator[str]:
    """Yield each serverless variant, as none runs in the environment's VPC.

    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    """
    for workload in workloads:
        for at, variant in enumerate(workload.variants):
            if variant.serverless is not None:
                key = f"workloads/{workload.name}.toml: variants[{at}].serverless"
                there = "only in an environment without, as serverless variants run in no VPC"
                yield f"{key}: found in an environment with [vpc]; allowed: {there}"


def _not_locked(host: RStudioHost) -> Iterator[str]:
    """Yield each file that the host would download without a checksum to compare it with."""
    checksums = locked()
    for download in downloads(host.architecture):
        if download.url not in checksums:
            there = "its SHA-256, which make lock-downloads writes"
            yield f"{shown_path(LOCK)}: {download.url}: missing; allowed: {there}"
