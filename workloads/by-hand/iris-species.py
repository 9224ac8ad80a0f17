"""What scikit-learn alone says of iris-species.toml: its model on the flowers of the test."""

import csv

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss


def flowers(name: str) -> tuple[list[list[float]], list[str]]:
    """Return measurements and species."""
    with open(f"workloads/data/iris/{name}.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [[float(cell) for cell in row[:4]] for row in rows], [row[4] for row in rows]


model = LogisticRegression(max_iter=1000).fit(*flowers("train"))
measurements, species = flowers("test")
predicted = model.predict(measurements)
print(f"accuracy={accuracy_score(species, predicted):.15g}")
print(f"f1_macro={f1_score(species, predicted, average='macro'):.15g}")
print(f"log_loss={log_loss(species, model.predict_proba(measurements)):.15g}")
