"""Each role that SageMaker takes on reads its own workload's data and its own image, in all stacks.

Walked over every template, so that a role that is added is looked at as well.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stacks.conftest import Synth
from tests.stacks.policies import allowed_by

SAGEMAKER = {"Service": "sagemaker.amazonaws.com"}
NOTEBOOK = "sagestack-notebook"
"""A person's, who works on all workloads: tests/stacks/test_dev_host.py has its role."""
THEIRS = {
    "sagestack-a-b": {"their-bucket/irises/2026"},
    "sagestack-asynchronous": {"their-bucket/irises/2026"},
    "sagestack-builtin": {"their-bucket/numbers/"},
    "sagestack-everything": {
        *("their-bucket/shards/", "their-bucket/held-out/", "listed-bucket/"),
        "other-bucket/best/model.tar.gz",
    },
    "sagestack-guarded": {"their-bucket/irises/2025", "their-bucket/irises/2026"},
    "sagestack-local-disks": {"their-bucket/irises/2025", "their-bucket/irises/2026"},
    "sagestack-scaled": {"their-bucket/irises/2026"},
    "sagestack-serverless": {"their-bucket/irises/2026"},
}
"""What the workloads' files name beside the app's bucket."""
COMPARES = re.compile(r"Models\w+EvaluationRole")
"""May pull the images of the whole app, where the gate compares with the model now serving."""
REPOSITORY = re.compile(r"arn:aws:ecr:[\w-]+:.+:repository/[a-z/-]+(\*)?$")


def _roles(synth: Synth) -> Iterator[tuple[str, str, dict[str, set[str]], Any]]:
    """(stack, role, what it may, its policy) of each role that SageMaker takes on."""
    for path in sorted(synth.assembly.glob("*.template.json")):
        stack = path.name.removesuffix(".template.json")
        resources = synth.template(stack)["Resources"]
        policies = [each for each in resources.values() if each["Type"] == "AWS::IAM::Policy"]
        for name, role in resources.items():
            if role["Type"] != "AWS::IAM::Role" or stack == NOTEBOOK:
                continue
            (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            if statement["Principal"] != SAGEMAKER:
                continue
            assert "ManagedPolicyArns" not in role["Properties"]
            assert "Policies" not in role["Properties"]
            (policy,) = (each for each in policies if {"Ref": name} in each["Properties"]["Roles"])
            yield stack, name, allowed_by(policy), policy


@pytest.fixture(scope="module")
def roles(synth: Synth) -> list[tuple[str, str, dict[str, set[str]], Any]]:
    found = list(_roles(synth))
    models = len(synth.resources("AWS::SageMaker::Model"))
    assert len(found) > 2 * models  # one to train each and one to serve it, most to evaluate it
    return found


def test_objects_are_below_the_workloads_own_prefix_or_named_in_its_file(roles: Any) -> None:
    for stack, role, may, _ in roles:
        workload = stack.removeprefix("sagestack-")
        for action in ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"):
            for resource in may.get(action, ()):
                theirs = {f"arn:aws:s3:::{each}*" for each in THEIRS.get(stack, ())}
                own = resource.startswith(f"BUCKET/{workload}/") and resource.endswith("/*")
                named = action == "s3:GetObject" and resource in theirs
                assert own or named, (stack, role, action, resource)
        assert {each for each in may if each.startswith("s3:")} <= {
            *("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucket")
        }


def test_a_bucket_is_listed_only_below_what_is_read(roles: Any) -> None:
    for stack, role, may, policy in roles:
        read = {resource.partition("/")[2] for resource in may["s3:GetObject"]}
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            if "s3:ListBucket" in (actions if isinstance(actions, list) else [actions]):
                prefix = statement["Condition"]["StringLike"]["s3:prefix"]
                assert prefix in read, (stack, role, prefix)


def test_an_image_is_pulled_from_one_repository(roles: Any) -> None:
    for stack, role, may, _ in roles:
        pulled = {each for action in may if action.startswith("ecr:") for each in may[action]}
        repositories = pulled - {"*"}
        assert may["ecr:GetAuthorizationToken"] == {"*"}
        assert [action for action in may if action.startswith("ecr:") and "*" in may[action]] == [
            "ecr:GetAuthorizationToken"
        ]
        assert all(REPOSITORY.match(each) for each in repositories), (stack, role, repositories)
        of_the_app = {each for each in repositories if each.endswith("/sagestack/*")}
        if of_the_app:
            assert COMPARES.match(role), (stack, role)
        (repository,) = repositories - of_the_app
        assert "*" not in repository, (stack, role)


def test_nobody_else_takes_on_a_role_of_sagemakers(synth: Synth) -> None:
    passed = {
        logical_id
        for template in synth.templates()
        for logical_id in re.findall(r"'RoleArn': \{'Fn::GetAtt': \['(\w+)'", str(template))
    }
    taken_on = {role for _, role, _, _ in _roles(synth)}
    assert {each for each in passed if each.startswith("Models")} <= taken_on
