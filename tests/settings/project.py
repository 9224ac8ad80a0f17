"""A small project with one valid workload, which the tests then spoil."""

import json
from collections.abc import Mapping
from pathlib import Path

from environments.loading import load_settings
from workloads.loading import SettingsError
from workloads.schema import Workload

WORKLOAD = """
name = "iris"
description = "An iris"
[data.train]
path = "data/iris.csv"
content_type = "text/csv"
[models.mars]
image = { container = "mars" }
hyperparameters = { target = "Sepal.Length", degree = 2 }
[models.mars.training]
instance_type = "ml.m5.large"
instance_count = 1
volume_size_gb = 10
max_runtime = 600
revision = "1"
[[variants]]
name = "blue"
model = "mars"
weight = 1
instance_type = "ml.t2.medium"
instance_count = 1
startup_timeout = 300
[[variants]]
name = "green"
weight = 0.5
[api]
content_type = "text/csv"
header = true
features = [
    { name = "Width", type = "number" },
    { name = "Count", type = "integer" },
    { name = "Note", type = "string" },
    { name = "Species", type = "category", values = ["setosa", "virginica"] },
]
[smoke]
content_type = "text/csv"
body = "Width,Count,Note,Species\\n3.5,2,wild,setosa\\n"
"""

DOCKERFILE = """FROM debian
ARG ENGINE=ets
 arg LEVEL
# ARG UNUSED
"""

JOBS = """
name = "iris"
description = "An iris, by every kind of job"
data.train = { path = "data/iris.csv" }
data.test = { path = "data/iris.csv" }
data.new = { path = "data/iris.csv", content_type = "text/csv; header=absent" }
[models.mars]
image = { container = "mars" }
hyperparameters = { target = "Width" }
[models.mars.training]
instance_type = "ml.m5.large"
max_runtime = 600
input_mode = "File"
[models.mars.tuning]
strategy = "Bayesian"
max_jobs = 6
max_parallel_jobs = 2
[models.mars.tuning.objective]
metric = "validation:rmse"
goal = "Minimize"
regex = "rmse=([0-9.]+)"
[models.mars.tuning.ranges]
degree = { type = "integer", min = 1, max = 3 }
penalty = { type = "continuous", min = 0.5, max = 6.0, scaling = "Logarithmic" }
prune = { type = "categorical", values = [true, "false"] }
[evaluation]
channel = "test"
[evaluation.gate]
rmse = { max = 0.5, not_worse_than_serving = true, tolerance = 0.02 }
[transform]
model = "mars"
channel = "new"
at_deploy = true
split_type = "Line"
strategy = "SingleRecord"
max_payload_mb = 50
max_concurrent = 2
join_input = true
[[variants]]
name = "mars"
[api]
content_type = "text/csv"
features = [{ name = "Width", type = "number" }]
[smoke]
content_type = "text/csv"
body = "3.5"
"""

QUAKES = """
name = "iris"
description = "An earthquake, by how many stations it was noticed"
data.train = { path = "data/train.csv", content_type = "text/csv; header=absent" }
data.validation = { path = "data/train.csv", content_type = "text/csv" }
[models.trees]
image = { builtin = "xgboost", version = "1.7-1" }
[models.trees.hyperparameters]
num_round = 50
eta = 0.2
[models.trees.training]
instance_type = "ml.m5.large"
[[variants]]
name = "trees"
[api]
content_type = "text/csv"
header = false
features = [
    { name = "magnitude", type = "number" },
    { name = "depth", type = "integer" },
]
[smoke]
content_type = "text/csv"
body = "4.8,562"
"""
QUAKES_TUNING = """
[models.trees.tuning]
max_jobs = 2
objective = { metric = "validation:rmse", goal = "Minimize" }
[models.trees.tuning.ranges]
max_depth = { type = "integer", min = 1, max = 9 }
gamma = { type = "continuous", min = 0.0, max = 5.0 }
subsample = { type = "categorical", values = [0.5, 1] }
[[variants]]"""


class SettingsProject:
    """The project's folder, with the settings files that a test gives it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("container/mars", "container/draft", "environments", "workloads/data"):
            (root / folder).mkdir(parents=True)
        (root / "container/mars/Dockerfile").write_text(DOCKERFILE)
        (root / "workloads/data/iris.csv").write_text("Width,Species\n3.5,setosa\n")
        self.write("environments/default.toml", "")

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")

    def load(self, text: str, name: str = "iris") -> Workload:
        """Load one workload's text."""
        self.write(f"workloads/{name}.toml", text)
        (workload,) = load_settings(self.root).workloads
        return workload

    def problems(self, environment: str = "default", region: str | None = None) -> tuple[str, ...]:
        """Load everything, and return the problems; none when it is valid."""
        try:
            load_settings(self.root, environment, region)
        except SettingsError as error:
            return error.problems
        return ()

    def workload_problems(self, *changes: tuple[str, str], text: str = WORKLOAD) -> list[str]:
        """Return the problems of a valid workload with some of its text changed."""
        for old, new in changes:
            assert text.count(old) == 1, f"{old} is there {text.count(old)} times"
            text = text.replace(old, new)
        self.write("workloads/iris.toml", text)
        return [line.removeprefix("workloads/iris.toml: ") for line in self.problems()]

    def environment_problems(self, text: str) -> list[str]:
        """Return the problems of an environment's text."""
        self.write("environments/default.toml", text)
        return [line.removeprefix("environments/default.toml: ") for line in self.problems()]


def toml(document: Mapping[str, object]) -> str:
    """Write a document as TOML, every table of it inline."""
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in document.items())


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _key(value)
        case Mapping():
            pairs = (f"{_key(key)} = {_value(item)}" for key, item in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return repr(value)


def _key(text: str) -> str:
    """Quote a string: TOML's escapes are JSON's, but it takes no DEL as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
