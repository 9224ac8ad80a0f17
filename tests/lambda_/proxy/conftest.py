import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from proxy.api import Api
from proxy.catalog import Catalog
from proxy.clients import Clients
from proxy.deadline import ANSWER_SECONDS

from .endpoint import Endpoint, running

PATH = "/sagestack/workloads"

IRIS: dict[str, Any] = {
    "name": "iris",
    "description": "Sepal length of an iris",
    "endpoint": "sagestack-iris",
    "kind": "instances",
    "variants": [
        {"name": "mars", "model": "mars", "weight": 3},
        {"name": "linear", "model": "linear", "weight": 1},
    ],
    "models": {
        "mars": {"version": "Model-mars-1", "artifact": "s3://bucket/mars/model.tar.gz"},
        "linear": {"version": "Model-linear-1", "artifact": "s3://bucket/linear/model.tar.gz"},
    },
    "content_type": "text/csv",
    "header": True,
    "features": [
        {"name": "Sepal.Width", "type": "number"},
        {"name": "Species", "type": "category", "values": ["setosa", "virginica"]},
    ],
}


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Parameters:
    """The SSM parameters below the catalog's path, as a stubbed client answers them."""

    def __init__(self, stubber: Stubber) -> None:
        self.stubber = stubber
        self.pages_read = 0

    def count(self, **_: object) -> None:
        """Count a page that is asked for, prepared or not."""
        self.pages_read += 1

    def hold(self, *pages: list[dict[str, Any]]) -> None:
        """Answer the next read with these pages of entries."""
        for number, entries in enumerate(pages):
            values = [
                {"Name": f"{PATH}/{entry.get('name')}", "Value": json.dumps(entry)}
                for entry in entries
            ]
            asked: dict[str, Any] = {"Path": PATH}
            if number:
                asked["NextToken"] = str(number)
            answer: dict[str, Any] = {"Parameters": values}
            if number + 1 < len(pages):
                answer["NextToken"] = str(number + 1)
            self.stubber.add_response("get_parameters_by_path", answer, asked)

    def fail(self, code: str = "InternalServerError", http_status: int = 500) -> None:
        """Answer the next read with an error."""
        self.stubber.add_client_error("get_parameters_by_path", code, http_status_code=http_status)


class _Session:
    """Makes the one client that is made only when a request needs it."""

    def __init__(self, s3_client: Any) -> None:
        self._s3_client = s3_client

    def create_client(self, name: str, **_: object) -> Any:
        assert name == "s3"
        return self._s3_client


@pytest.fixture(scope="session")
def _session() -> boto3.Session:
    return boto3.Session("test", "test", region_name="us-east-1")


@pytest.fixture(scope="session")
def _ssm(_session: boto3.Session) -> Any:
    return _session.client("ssm")


@pytest.fixture(scope="session")
def runtime_client(_session: boto3.Session) -> Any:
    return _session.client("sagemaker-runtime")


@pytest.fixture(scope="session")
def s3_client(_session: boto3.Session) -> Any:
    return _session.client("s3")


@pytest.fixture
def s3(s3_client: Any) -> Iterator[Stubber]:
    with Stubber(s3_client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def runtime(runtime_client: Any) -> Iterator[Stubber]:
    with Stubber(runtime_client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def parameters(_ssm: Any) -> Iterator[Parameters]:
    with Stubber(_ssm) as stubber:
        parameters = Parameters(stubber)
        _ssm.meta.events.register("provide-client-params.ssm", parameters.count)
        yield parameters
        _ssm.meta.events.unregister("provide-client-params.ssm", parameters.count)
        stubber.assert_no_pending_responses()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(_ssm: Any, clock: Clock, parameters: Parameters) -> Catalog:  # noqa: ARG001
    return Catalog(_ssm, PATH, clock=clock)


@pytest.fixture
def api(catalog: Catalog, _ssm: Any, runtime_client: Any, s3_client: Any) -> Api:
    session: Any = _Session(s3_client)
    return Api(catalog, Clients(_ssm, runtime_client, session))


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with running(IRIS) as endpoint:
        yield endpoint


@pytest.fixture
def connect(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Api]:
    """Connect to the endpoint, and to its catalog, as a cold start does."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint.url,
    }.items():
        monkeypatch.setenv(name, value)

    def connect(seconds: float = ANSWER_SECONDS) -> Api:
        clients = Clients.connect()
        return Api(Catalog(clients.ssm, PATH), clients, seconds=seconds)

    return connect
