"""What scikit-learn and XGBoost alone say of quakes.toml: their errors on the validation's rows."""

import csv
import sys
from math import sqrt

from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error

sys.path.append("build/builtin/sagemaker-xgboost")  # PyPI's, which local/install.sh has unpacked
import xgboost


def quakes(name):
    """Return magnitude and place of each, and how many stations reported it."""
    with open(f"workloads/data/quakes/{name}.csv", newline="") as file:
        rows = [[float(cell) for cell in row] for row in csv.reader(file)]
    return [row[1:] for row in rows], [row[0] for row in rows]


(features, stations), (new, reported) = quakes("train"), quakes("validation")

linear = LinearRegression().fit(features, stations).predict(new)
print(f"linear:validation:rmse={sqrt(mean_squared_error(reported, linear)):.15g}")

# base_score and tree_method are those that XGBoost 1.7 had without being told
settings = {"objective": "reg:squarederror", "eta": 0.1, "max_depth": 2}
of_then = {"base_score": 0.5, "tree_method": "exact"}
trees = xgboost.train({**settings, **of_then}, xgboost.DMatrix(features, stations), 100)
predicted = trees.predict(xgboost.DMatrix(new))
print(f"xgboost:validation:rmse={sqrt(mean_squared_error(reported, predicted)):.15g}")
