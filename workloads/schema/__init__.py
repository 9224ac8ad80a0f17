"""The typed settings of a workload, table by table."""

from workloads.schema.api import Api, Feature
from workloads.schema.data import Channel
from workloads.schema.hosting import Variant
from workloads.schema.section import Project
from workloads.schema.smoke import Smoke
from workloads.schema.training import Image, Model, Training
from workloads.schema.workload import Workload

__all__ = [
    "Api",
    "Channel",
    "Feature",
    "Image",
    "Model",
    "Project",
    "Smoke",
    "Training",
    "Variant",
    "Workload",
]
