"""What the demo tells of the irises is what the API answered."""

import io

import pytest
from rich.console import Console

from cli.api_client import Answer, ApiClient
from local.iris import Predicted, predict, show

RESULT = Predicted(["setosa", "virginica"], [5.0, 7.0], [5.3, 6.6])


class Api(ApiClient):
    """An API that answers every request alike and keeps what it was sent."""

    def __init__(self, answer: Answer) -> None:
        self.url = "http://127.0.0.1/v1"
        self.answer = answer
        self.sent = b""

    def post(self, path: str, body: bytes, **_: str) -> Answer:
        assert path == "/workloads/iris-mars/invocations"
        self.sent = body
        return self.answer


def test_the_rmse_is_the_root_of_the_mean_of_the_squared_errors() -> None:
    assert RESULT.rmse == pytest.approx(((0.3**2 + 0.4**2) / 2) ** 0.5, abs=1e-15)


def test_every_iris_is_sent_without_the_answer() -> None:
    api = Api(Answer(200, {"content-type": "application/json"}, b'{"predictions": [1.5]}'))
    predict(api, "iris-mars")
    lines = api.sent.decode().splitlines()
    assert lines[0] == "Sepal.Width,Petal.Length,Petal.Width,Species"
    assert lines[1] == "3.5,1.4,0.2,setosa"
    assert len(lines) == 151


def test_an_answer_that_is_no_200_fails_with_its_text() -> None:
    with pytest.raises(RuntimeError, match="answered 503: the endpoint is gone"):
        predict(Api(Answer(503, {}, b"the endpoint is gone")), "iris-mars")


def test_a_missing_prediction_is_no_smaller_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        _ = Predicted(["setosa"] * 2, [5.0, 5.0], [5.0]).rmse


def test_the_picture_shows_each_species_and_the_rmse_has_six_digits() -> None:
    console = Console(file=io.StringIO(), width=100)
    show(RESULT, console)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "● setosa" in shown
    assert "RMSE 0.353553 cm over 2 irises" in shown
