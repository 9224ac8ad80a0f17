"""{{name}}: a linear model of powers of the features. Put your own in its place.

Any regressor, classifier or pipeline of scikit-learn will do: what this file has to define is
written at the top of toolkit/fitting.py.
"""

from typing import Any

from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from toolkit.hyperparameters import whole_number

# What a training job may be told beside `target`: [models.*].hyperparameters of the workload.
HYPERPARAMETERS = {
    "degree": whole_number("the highest power of the features", least=1, default=1),
}


def build(settings: dict[str, Any], task: str) -> Any:  # noqa: ARG001 - a text is no target here
    """Return the estimator to fit; `task` is "regression" or "classification"."""
    powers = PolynomialFeatures(settings["degree"], include_bias=False)
    return make_pipeline(powers, LinearRegression())
