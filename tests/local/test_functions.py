"""Functions in the embedded AWS run, and are refused, as in Lambda."""

import io
import json
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.patches.function_logs import END_OF_LOG
from tests.local.conftest import TIMEOUT, TRUST, Account

SLOW = "import time\ntime.sleep(1)\ndef handler(event, context):\n    return 'done'\n"
COUNT = """
def handler(event, context):
    return {"statusCode": 200, "body": str(len(event["body"]))}
"""
LIMIT = 6_291_456
PYTHON, NODE = "python3.13", "nodejs24.x"
RAISING = {
    PYTHON: """
import os
def handler(event, context):
    if event.get("raise"):
        raise ValueError(f"not yet, says {os.getpid()}")
    return os.getpid()
""",
    NODE: """
exports.handler = async (event) => {
  if (event.raise) throw new Error(`not yet, says ${process.pid}`);
  return process.pid;
};
""",
}
LOGGING = {
    PYTHON: """
import sys
def handler(event, context):
    for line in event["lines"]:
        print(line)
    sys.stdout.write(event["open"])
    if event["raise"]:
        raise ValueError("raised")
""",
    NODE: """
exports.handler = async (event) => {
  for (const line of event.lines) console.log(line);
  process.stderr.write(event.open);
  if (event.raise) throw new Error("raised");
};
""",
}
CRASHING = """
import os
def handler(event, context):
    if event.get("crash"):
        os._exit(1)
    return "done"
"""
RECURSIVE = """
import json, boto3
def handler(event, context):
    if event["depth"] == 0:
        return [0]
    answer = boto3.client("lambda").invoke(
        FunctionName=context.function_name, Payload=json.dumps({"depth": event["depth"] - 1})
    )
    return [event["depth"], *json.loads(answer["Payload"].read())]
"""
BRIEF = (
    "import time\ndef handler(event, context):\n    time.sleep(0.05)\n    return event['number']\n"
)
LAYERED = "import greeting\ndef handler(event, context):\n    return greeting.__file__\n"

Create = Callable[..., str]
Invoke = Callable[..., Any]


def archive(name: str, text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(name, text)
    return packed.getvalue()


@pytest.fixture(scope="module")
def create(account: Account) -> Create:
    """Create a function; its name."""
    trust = json.dumps(TRUST).replace("sagemaker.", "lambda.")
    role = account.aws.client("iam").create_role(
        RoleName="invoked", AssumeRolePolicyDocument=trust
    )["Role"]["Arn"]

    def create(name: str, code: str, **settings: Any) -> str:
        settings = {"Runtime": PYTHON, "Timeout": 30, **settings}
        file = "index.js" if settings["Runtime"] == NODE else "index.py"
        account.aws.client("lambda").create_function(
            FunctionName=name,
            Handler="index.handler",
            Role=role,
            Code={"ZipFile": archive(file, code)},
            **settings,
        )
        return name

    return create


@pytest.fixture
def invoke(account: Account) -> Invoke:
    """Invoke a function; what it returned or its error."""

    def invoke(name: str, event: Any = None) -> Any:
        answer = account.aws.client("lambda").invoke(
            FunctionName=name, Payload=json.dumps(event or {})
        )
        return json.loads(answer["Payload"].read())

    return invoke


def workers(account: Account, name: str) -> list[Path]:
    """The folders of a function's processes."""
    temp = account.aws.state.resolve() / f"run-{account.aws.pid}" / "tmp"
    return list(temp.glob(f"ministack-lambda-{name}-*"))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("change", ["update", "delete"])
def test_an_invocation_outlives_a_change_of_its_function(
    account: Account, create: Create, invoke: Invoke, change: str
) -> None:
    name = create(f"changed-by-{change}", SLOW)
    answers: list[Any] = []
    invocation = threading.Thread(target=lambda: answers.append(invoke(name)))
    invocation.start()
    wait_until(lambda: workers(account, name) != [])
    client = account.aws.client("lambda")
    if change == "update":
        client.update_function_configuration(FunctionName=name, Timeout=20)
    else:
        client.delete_function(FunctionName=name)
    invocation.join()
    assert answers == ["done"]
    wait_until(lambda: workers(account, name) == [])


@pytest.mark.parametrize("runtime", [PYTHON, NODE])
def test_a_process_whose_handler_raises_serves_the_next_invocation(
    create: Create, invoke: Invoke, runtime: str
) -> None:
    name = create(f"raising-{runtime[:4]}", RAISING[runtime], Runtime=runtime)
    process = invoke(name)
    assert invoke(name, {"raise": True})["errorMessage"] == f"not yet, says {process}"
    assert invoke(name) == process


def test_a_process_that_crashes_fails_its_invocation_only(create: Create, invoke: Invoke) -> None:
    name = create("crashing", CRASHING)
    assert invoke(name) == "done"
    assert invoke(name, {"crash": True})["errorMessage"] == "Worker process died"
    assert invoke(name) == "done"


def test_many_invocations_at_a_time_share_a_few_processes(
    account: Account, create: Create, invoke: Invoke
) -> None:
    name = create("brief", BRIEF)
    invoke(name, {"number": 0})
    session: Any = account.aws.session()
    client = session.client("lambda", config=Config(max_pool_connections=40))

    def answer(number: int) -> Any:
        payload = json.dumps({"number": number})
        return json.loads(client.invoke(FunctionName=name, Payload=payload)["Payload"].read())

    with ThreadPoolExecutor(40) as callers:
        assert list(callers.map(answer, range(40))) == list(range(40))
    assert len(workers(account, name)) < 10


def test_a_function_may_invoke_itself(create: Create, invoke: Invoke) -> None:
    assert invoke(create("recursive", RECURSIVE), {"depth": 3}) == [3, 2, 1, 0]


@pytest.mark.parametrize("runtime", [PYTHON, NODE])
def test_each_invocation_has_the_log_that_it_wrote(
    account: Account, create: Create, invoke: Invoke, runtime: str
) -> None:
    name = create(f"logging-{runtime[:4]}", LOGGING[runtime], Runtime=runtime)
    logs, group = account.aws.client("logs"), f"/aws/lambda/{name}"
    logs.create_log_group(logGroupName=group)
    invoke(name, {"lines": ["one", "two"], "open": "", "raise": False})
    invoke(name, {"lines": [], "open": "", "raise": False})
    invoke(name, {"lines": ["three"], "open": "open", "raise": False})
    invoke(name, {"lines": ["four"], "open": "", "raise": True})
    found = []
    for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
        events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])
        start, *lines, end, report = [event["message"] for event in events["events"]]
        assert [line.split()[0] for line in (start, end, report)] == ["START", "END", "REPORT"]
        found.append([line for line in lines if line in ("one", "two", "three", "open", "four")])
        assert END_OF_LOG not in "".join(lines)
    assert sorted(found) == [[], ["four"], ["one", "two"], ["three", "open"]]


def test_functions_with_the_same_layer_share_its_files(
    account: Account, create: Create, invoke: Invoke
) -> None:
    layer = account.aws.client("lambda").publish_layer_version(
        LayerName="greeting", Content={"ZipFile": archive("python/greeting.py", "")}
    )["LayerVersionArn"]
    first, second = (
        invoke(create(name, LAYERED, Layers=[layer])) for name in ("layered", "layered-too")
    )
    assert Path(first).exists()
    assert first == second


def test_an_event_of_6_mb_is_taken_and_one_byte_more_refused(
    account: Account, create: Create
) -> None:
    name = create("limited", COUNT)
    client = account.aws.client("lambda")
    event = json.dumps({"body": ""})
    padding = LIMIT - len(event)
    answer = client.invoke(FunctionName=name, Payload=event.replace('""', f'"{"a" * padding}"'))
    assert json.loads(answer["Payload"].read())["body"] == str(padding)
    with pytest.raises(ClientError, match="smaller than 6291456 bytes") as refused:
        client.invoke(FunctionName=name, Payload=event.replace('""', f'"{"a" * (padding + 1)}"'))
    assert refused.value.response["Error"]["Code"] == "RequestEntityTooLargeException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


@pytest.fixture(scope="module")
def api(account: Account, create: Create) -> str:
    """The address of an API whose POST / a function answers with the body's length."""
    name = create("behind-api", COUNT)
    client = account.aws.client("apigateway")
    api = client.create_rest_api(name="limits")["id"]
    (root,) = client.get_resources(restApiId=api)["items"]
    method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "POST"}
    client.put_method(**method, authorizationType="NONE")
    function = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    client.put_integration(
        **method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations",
    )
    client.create_deployment(restApiId=api, stageName="v1")
    return f"{account.aws.endpoint_url}/_aws/execute-api/{api}/v1/"


def post(url: str, body: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, body.encode(), timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_an_api_takes_less_than_6_mb_for_the_event_holds_more_than_the_body(api: str) -> None:
    assert post(api, "a" * (LIMIT - 10_000)) == (200, str(LIMIT - 10_000))
    assert post(api, "a" * LIMIT) == (413, '{"message":"Request Too Long"}')


def test_the_event_is_measured_as_json_in_utf_8(api: str) -> None:
    assert post(api, '"' * (LIMIT // 2 + 1))[0] == 413  # each one is escaped
    assert post(api, "é" * (LIMIT // 2 - 10_000))[0] == 200
    assert post(api, "é" * (LIMIT // 2))[0] == 413
