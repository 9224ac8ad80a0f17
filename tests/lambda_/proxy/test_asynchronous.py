"""A workload that answers through S3 is listed, and says how it is asked."""

import json

from proxy.api import Api

from .calls import call, error
from .conftest import IRIS, Parameters

INPUT = "s3://bucket/iris/async/input/"
LATER = IRIS | {"name": "later", "endpoint": "sagestack-later", "async_input": INPUT}
HOW = {"operation": "InvokeEndpointAsync", "endpoint": "sagestack-later", "input": INPUT}


def test_an_asynchronous_workload_is_listed_with_the_way_to_ask_it(
    api: Api, parameters: Parameters
) -> None:
    parameters.hold([IRIS, LATER])
    iris, later = json.loads(call(api, "GET", "/workloads")["body"])["workloads"]
    assert iris["invoke"] == "/workloads/iris/invocations"
    assert "invoke_async" not in iris
    assert "invoke" not in later
    assert later["invoke_async"] == HOW


def test_an_invocation_of_it_is_refused_with_the_way_to_ask_it(
    api: Api, parameters: Parameters
) -> None:
    parameters.hold([LATER])
    response = call(api, name="later", body="not even read")
    assert response["statusCode"] == 409
    problem = error(response)
    assert (problem["code"], problem["expected"]) == ("asynchronous", HOW)
    for way in ("InvokeEndpointAsync", INPUT, "docs/serving.md"):
        assert way in problem["message"]
