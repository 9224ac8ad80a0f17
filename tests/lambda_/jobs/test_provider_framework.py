"""What the handlers rely on in the CDK's Provider framework, run as it is in aws-cdk-lib.

Only its module outbound.js, which calls AWS, is another one here.
"""

import json
import shutil
import subprocess
import tarfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

RUNTIME = "package/custom-resources/lib/provider-framework/runtime/"
MODULES = {"framework.js", "cfn-response.js", "consts.js", "util.js"}
OUTBOUND = """
const answers = JSON.parse(process.argv[3]);
exports.calls = [];
exports.invokeFunction = async request => {
    exports.calls.push({invoked: JSON.parse(request.Payload)});
    const Payload = JSON.stringify(answers[request.FunctionName]);
    return {Payload, FunctionError: answers.error};
};
exports.startExecution = async request =>
    exports.calls.push({waiting: JSON.parse(request.input), name: request.name});
exports.httpRequest = async (options, body) =>
    exports.calls.push({response: JSON.parse(body)});
"""
MAIN = """
const framework = require('./framework');
const {calls} = require('./outbound');
const [, , entry, , event] = process.argv;
framework[entry](JSON.parse(event))
    .catch(error => calls.push({error: error.constructor.name, message: error.message}))
    .then(() => require('fs').writeFileSync('calls.json', JSON.stringify(calls)));
"""
EVENT = {
    "RequestType": "Create",
    "RequestId": "r1",
    "StackId": "stack",
    "LogicalResourceId": "MarsJob",
    "ResponseURL": "https://cloudformation.example/response",
    "ResourceProperties": {"WaitSeconds": "3000"},
}


@pytest.fixture(scope="module")
def framework(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("provider")
    (package,) = Path(str(files("aws_cdk") / "_jsii")).glob("aws-cdk-lib@*.tgz")
    missing = set(MODULES)
    with tarfile.open(package, "r|gz") as archive:
        for member in archive:  # stops as soon as it can: the archive is a long one
            name = member.name.removeprefix(RUNTIME)
            if name in missing and (file := archive.extractfile(member)):
                (folder / name).write_bytes(file.read())
                missing.remove(name)
            if not missing:
                break
    assert not missing
    (folder / "outbound.js").write_text(OUTBOUND)
    (folder / "main.js").write_text(MAIN)
    return folder


def run(framework: Path, entry: str, event: dict[str, Any], **answers: Any) -> list[Any]:
    """Call an entry point of the framework; return what it does to the outside."""
    node = shutil.which("node")
    assert node, "aws-cdk-lib runs on Node.js"
    functions = {"USER_ON_EVENT_FUNCTION_ARN": "on_event", "WAITER_STATE_MACHINE_ARN": "waiter"}
    functions["USER_IS_COMPLETE_FUNCTION_ARN"] = "is_complete"
    command = [node, "main.js", entry, json.dumps(answers), json.dumps(event)]
    subprocess.run(command, cwd=framework, env=functions, check=True, capture_output=True)
    calls: list[Any] = json.loads((framework / "calls.json").read_text())
    return calls


def test_all_that_on_event_returns_reaches_every_call_of_is_complete(framework: Path) -> None:
    accepted = {"PhysicalResourceId": "job-1", "WaitUntil": 1_800_003_000}
    _, started = run(framework, "onEvent", EVENT, on_event=accepted)
    assert started == {"waiting": {**EVENT, **accepted}}
    # The state machine has this as its input, and calls with it again for as long as it is told to.
    asked, again = run(
        framework, "isComplete", started["waiting"], is_complete={"IsComplete": False}
    )
    assert asked == {"invoked": {**EVENT, **accepted}}
    assert again["error"] == "Retry"


def test_an_event_that_comes_twice_is_waited_for_twice(framework: Path) -> None:
    # Step Functions refuses a name that it has seen with another input, and so the deploy would
    # fail: WaitUntil is another one each time. Earlier frameworks took the RequestId as the name.
    for wait_until in (1_800_003_000, 1_800_003_001):
        accepted = {"PhysicalResourceId": "job-1", "WaitUntil": wait_until}
        _, started = run(framework, "onEvent", EVENT, on_event=accepted)
        assert "name" not in started


def test_a_create_that_fails_has_no_delete(framework: Path) -> None:
    # So nothing may be left behind by an `on_event` that raises.
    failure = {"errorMessage": "no such role"}
    answered = run(framework, "onEvent", EVENT, on_event=failure, error="Unhandled")[1]["response"]
    assert answered["Status"] == "FAILED"
    marker = answered["PhysicalResourceId"]
    event = {**EVENT, "RequestType": "Delete", "PhysicalResourceId": marker}
    (only,) = run(framework, "onEvent", event, on_event={})
    assert only["response"]["Status"] == "SUCCESS"


def test_a_wait_that_ends_without_attributes_is_a_success(framework: Path) -> None:
    waiting = {**EVENT, "PhysicalResourceId": "job-1", "WaitUntil": 1_800_003_000}
    _, answered = run(framework, "isComplete", waiting, is_complete={"IsComplete": True})
    assert answered["response"]["Status"] == "SUCCESS"
    assert answered["response"]["PhysicalResourceId"] == "job-1"
    assert answered["response"]["Data"] == {}
    assert "WaitUntil" not in answered["response"]


def test_attributes_reach_cloudformation(framework: Path) -> None:
    waiting = {**EVENT, "PhysicalResourceId": "job-1", "WaitUntil": 1_800_003_000}
    complete = {"IsComplete": True, "Data": {"JobName": "job-1"}}
    _, answered = run(framework, "isComplete", waiting, is_complete=complete)
    assert answered["response"]["Data"] == {"JobName": "job-1"}


def test_an_empty_answer_keeps_the_physical_id_of_a_delete(framework: Path) -> None:
    event = {**EVENT, "RequestType": "Delete", "PhysicalResourceId": "job-1"}
    _, started = run(framework, "onEvent", event, on_event={})
    assert started["waiting"]["PhysicalResourceId"] == "job-1"
