"""A valid workload of one variant, into which the tests write how it serves."""

from tests.settings.project import WORKLOAD, SettingsProject
from workloads.schema import Workload

_HEAD, _, _REST = WORKLOAD.partition("[[variants]]")
_TAIL = _REST.partition("[api]")[2]

TRACKING = "autoscaling = { max_capacity = 4, invocations_per_instance = 200 }"
"""Autoscaling of a variant of instances; that of an ml.t2.medium, the default, is refused."""
M5 = 'instance_type = "ml.m5.large"'


def written(*variants: str, tables: str = "") -> str:
    """Write the workload: each variant's own lines after its name, v0, v1 ..., then the tables."""
    each = (f'[[variants]]\nname = "v{at}"\n{lines}\n' for at, lines in enumerate(variants))
    return f"{_HEAD}{''.join(each)}{tables}\n[api]{_TAIL}"


def loaded(project: SettingsProject, *variants: str, tables: str = "") -> Workload:
    """Load the workload."""
    return project.load(written(*variants, tables=tables))


def problems(project: SettingsProject, *variants: str, tables: str = "") -> list[str]:
    """Return the problems of the workload."""
    return project.workload_problems(text=written(*variants, tables=tables))
