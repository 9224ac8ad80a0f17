"""`docker run IMAGE train` or `serve`: a classifier, loaded once, behind bottle and bjoern."""

import io
import json
import os
import sys
from pathlib import Path

import bjoern
import bottle
import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression

BASE = Path("/opt/ml")
MODEL = BASE / "model" / "model.joblib"


def train():
    hyperparameters = json.loads((BASE / "input/config/hyperparameters.json").read_text())
    data = pd.read_csv(next((BASE / "input/data/train").iterdir()))
    target = hyperparameters["target"]
    model = LogisticRegression(max_iter=int(hyperparameters["max_iter"]))
    model.fit(data.drop(columns=target), data[target])
    joblib.dump(model, MODEL)


def serve():
    model = joblib.load(MODEL)

    @bottle.get("/ping")
    def ping():
        return ""

    @bottle.post("/invocations")
    def invocations():
        data = pd.read_csv(io.BytesIO(bottle.request.body.read()))
        bottle.response.content_type = "application/json"
        return json.dumps({"predictions": model.predict(data).tolist()})

    host = os.environ.get("SAGEMAKER_BIND_TO_HOST", "0.0.0.0")
    bjoern.run(bottle.default_app(), host, int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")))


if __name__ == "__main__":
    {"train": train, "serve": serve}[sys.argv[1]]()
