"""The typed settings of a workload, table by table."""

from workloads.schema.api import Api, Feature
from workloads.schema.autoscaling import Autoscaling
from workloads.schema.data import Channel
from workloads.schema.deployment import Alarms, Deployment
from workloads.schema.evaluation import Bound, Evaluation
from workloads.schema.hosting import Serverless, ShadowVariant, Variant
from workloads.schema.image import Image
from workloads.schema.model import Model
from workloads.schema.ranges import CategoricalRange, ContinuousRange, IntegerRange
from workloads.schema.requests import AsyncInference, DataCapture
from workloads.schema.section import Project
from workloads.schema.smoke import Smoke
from workloads.schema.training import Metric, Training
from workloads.schema.transform import Transform
from workloads.schema.tuning import Objective, Resource, Tuning
from workloads.schema.workload import Workload

__all__ = [
    "Alarms",
    "Api",
    "AsyncInference",
    "Autoscaling",
    "Bound",
    "CategoricalRange",
    "Channel",
    "ContinuousRange",
    "DataCapture",
    "Deployment",
    "Evaluation",
    "Feature",
    "Image",
    "IntegerRange",
    "Metric",
    "Model",
    "Objective",
    "Project",
    "Resource",
    "Serverless",
    "ShadowVariant",
    "Smoke",
    "Training",
    "Transform",
    "Tuning",
    "Variant",
    "Workload",
]
