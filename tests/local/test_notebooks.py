"""Notebook instances and lifecycle configurations: the service's operations, and stacks of them."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Account, settled
from tests.local.hosts import network
from tests.local.test_cloudformation import Stack

SETTLED = ("InService", "Stopped", "Failed")
SCRIPT = base64.b64encode(b"#!/bin/bash\n").decode()
OTHER = base64.b64encode(b"#!/bin/sh\n").decode()


def config(script: str = SCRIPT) -> dict[str, Any]:
    return {
        "Type": "AWS::SageMaker::NotebookInstanceLifecycleConfig",
        "Properties": {"OnStart": [{"Content": script}]},
    }


def notebook(account: Account, **change: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SageMaker::NotebookInstance",
        "Properties": {"InstanceType": "ml.t3.medium", "RoleArn": account.role, **change},
    }


class Notebook(Stack):
    """A stack with a notebook instance, called Notebook."""

    def up(self, **resources: Any) -> None:
        """Create or update; it must succeed."""
        status = self.put(**resources)
        assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), self.reasons()

    def down(self) -> None:
        """Delete; it must succeed."""
        self.delete()
        names = [stack["StackName"] for stack in self.cloudformation.describe_stacks()["Stacks"]]
        assert self.name not in names, self.reasons()

    def describe(self) -> dict[str, Any]:
        name = self.physical_id("Notebook").rpartition("/")[2]
        found = self.account.sagemaker.list_notebook_instances(NameContains=name)
        (summary,) = found["NotebookInstances"]
        described: dict[str, Any] = self.account.sagemaker.describe_notebook_instance(
            NotebookInstanceName=summary["NotebookInstanceName"]
        )
        return described


def private(account: Account, **change: Any) -> dict[str, Any]:
    """A notebook instance in a VPC, with all that a template can say, and what it needs."""
    properties = {
        "SubnetId": {"Ref": "Subnet"},
        "SecurityGroupIds": [{"Ref": "Group"}],
        "KmsKeyId": "alias/notebooks",
        "DirectInternetAccess": "Disabled",
        "RootAccess": "Disabled",
        "VolumeSizeInGB": "20",
        "PlatformIdentifier": "notebook-al2023-v1",
        "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "2"},
        "LifecycleConfigName": {
            "Fn::GetAtt": ["Config", "NotebookInstanceLifecycleConfigName"],
        },
        "Tags": [{"Key": "app", "Value": "host"}],
        **change,
    }
    return {**network(), "Config": config(), "Notebook": notebook(account, **properties)}


class Operations:
    """The service's operations on one notebook instance."""

    def __init__(self, account: Account, name: str) -> None:
        self.sagemaker = account.sagemaker
        self.name = name

    def __call__(self, verb: str, **request: Any) -> dict[str, Any]:
        operation = getattr(self.sagemaker, f"{verb}_notebook_instance")
        answer: dict[str, Any] = operation(NotebookInstanceName=self.name, **request)
        return answer

    def status(self) -> str:
        return str(self("describe")["NotebookInstanceStatus"])

    def settled(self) -> str:
        found = settled(
            lambda: self("describe"), lambda found: found["NotebookInstanceStatus"] in SETTLED
        )
        return str(found["NotebookInstanceStatus"])

    def names(self) -> list[str]:
        found = self.sagemaker.list_notebook_instances()["NotebookInstances"]
        return [summary["NotebookInstanceName"] for summary in found]

    def gone(self) -> None:
        settled(lambda: {"names": self.names()}, lambda found: self.name not in found["names"])


@pytest.fixture
def mine(account: Account) -> Iterator[Operations]:
    """A notebook instance in service."""
    mine = Operations(account, "mine")
    mine("create", InstanceType="ml.t3.medium", RoleArn=account.role)
    assert mine.settled() == "InService"
    yield mine
    if mine.settled() == "InService":
        mine("stop")
        mine.settled()
    mine("delete")
    mine.gone()


def test_a_notebook_instance_goes_through_sagemakers_states(account: Account) -> None:
    mine = Operations(account, "states")
    mine("create", InstanceType="ml.t3.medium", RoleArn=account.role)
    assert mine.status() == "Pending"
    assert mine.settled() == "InService"
    mine("stop")
    assert mine.status() == "Stopping"
    assert mine.settled() == "Stopped"
    mine("update", InstanceType="ml.t3.large", VolumeSizeInGB=30)
    assert mine.status() == "Updating"
    assert mine.settled() == "Stopped"
    assert mine("describe")["InstanceType"] == "ml.t3.large"
    mine("start")
    assert mine.status() == "Pending"
    assert mine.settled() == "InService"
    mine("stop")
    mine.settled()
    mine("delete")
    assert mine.status() == "Deleting"
    mine.gone()
    with pytest.raises(ClientError, match="RecordNotFound"):
        mine("describe")


@pytest.mark.parametrize(
    ("verb", "statuses", "to"),
    [
        ("delete", "Stopped, Failed", "Deleting"),
        ("update", "Stopped, Failed", "Updating"),
        ("start", "Stopped, Failed", "Pending"),
    ],
)
def test_a_running_notebook_instance_refuses_in_sagemakers_words(
    mine: Operations, verb: str, statuses: str, to: str
) -> None:
    with pytest.raises(ClientError) as raised:
        mine(verb)
    arn = mine("describe")["NotebookInstanceArn"]
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert raised.value.response["Error"]["Message"] == (
        f"Status (InService) not in ([{statuses}]). Unable to transition to ({to}) for Notebook "
        f"Instance ({arn})."
    )
    assert mine.status() == "InService"


def test_a_url_is_given_for_a_running_notebook_instance_only(mine: Operations) -> None:
    create_url = mine.sagemaker.create_presigned_notebook_instance_url
    url = create_url(NotebookInstanceName="mine")["AuthorizedUrl"]
    assert url.startswith("https://mine.notebook.us-east-1.sagemaker.aws?authToken=")
    mine("stop")
    mine.settled()
    with pytest.raises(ClientError, match=r"Status \(Stopped\) not in \(\[InService\]\)"):
        create_url(NotebookInstanceName="mine")


def test_a_request_that_does_not_fit_creates_no_notebook_instance(account: Account) -> None:
    mine = Operations(account, "never")
    fitting = {"InstanceType": "ml.t3.medium", "RoleArn": account.role}
    for change, reason in (
        ({"RoleArn": account.role + "-other"}, "Could not assume role"),
        ({"RoleArn": "not-the-arn-of-any-role"}, "roleArn' failed to satisfy constraint"),
        ({"DirectInternetAccess": "Disabled"}, "only with a SubnetId"),
        ({"SubnetId": "subnet-0"}, "subnet-0' does not exist"),
        ({"LifecycleConfigName": "none"}, "Lifecycle Config does not exist"),
        ({"RootAccess": "No"}, "enum value set"),
        ({"VolumeSizeInGB": 20000}, "less than or equal to 16384"),
    ):
        with pytest.raises(ClientError, match=reason):
            mine("create", **{**fitting, **change})
    assert "never" not in mine.names()


def test_a_name_is_given_once(mine: Operations, account: Account) -> None:
    with pytest.raises(ClientError, match="Cannot create a duplicate Notebook Instance"):
        mine("create", InstanceType="ml.t3.medium", RoleArn=account.role)


def test_notebook_instances_are_listed_by_status_and_name(mine: Operations) -> None:
    def listed(**request: Any) -> list[str]:
        found = mine.sagemaker.list_notebook_instances(**request)["NotebookInstances"]
        return [summary["NotebookInstanceName"] for summary in found]

    assert listed(NameContains="min") == ["mine"]
    assert "mine" in listed(StatusEquals="InService", SortBy="Status")
    assert "mine" not in listed(StatusEquals="Stopped")
    assert "mine" not in listed(NotebookInstanceLifecycleConfigNameContains="x")


def test_a_lifecycle_configuration_lives_from_its_creation_to_its_deletion(
    account: Account,
) -> None:
    sagemaker = account.sagemaker
    name = {"NotebookInstanceLifecycleConfigName": "scripts"}
    scripts = {"OnCreate": [{"Content": SCRIPT}], "OnStart": [{"Content": SCRIPT}]}
    sagemaker.create_notebook_instance_lifecycle_config(**name, **scripts)
    with pytest.raises(ClientError, match="Lifecycle Config already exists"):
        sagemaker.create_notebook_instance_lifecycle_config(**name)
    sagemaker.update_notebook_instance_lifecycle_config(**name, OnStart=[{"Content": OTHER}])
    found = sagemaker.describe_notebook_instance_lifecycle_config(**name)
    assert found["OnStart"] == [{"Content": OTHER}]
    assert "OnCreate" not in found
    listed = sagemaker.list_notebook_instance_lifecycle_configs(NameContains="script")
    assert len(listed["NotebookInstanceLifecycleConfigs"]) == 1
    sagemaker.delete_notebook_instance_lifecycle_config(**name)
    with pytest.raises(ClientError, match="Lifecycle Config does not exist"):
        sagemaker.describe_notebook_instance_lifecycle_config(**name)


def test_a_stacks_notebook_instance_is_what_its_template_says(account: Account) -> None:
    stack = Notebook(account, "private-notebook")
    stack.up(**private(account))
    found = stack.describe()
    arn = stack.physical_id("Notebook")
    assert arn == found["NotebookInstanceArn"]
    assert found["NotebookInstanceStatus"] == "InService"
    assert found["SubnetId"] == stack.physical_id("Subnet")
    assert found["SecurityGroups"] == [stack.physical_id("Group")]
    assert found["DirectInternetAccess"] == "Disabled"
    assert found["RootAccess"] == "Disabled"
    assert found["KmsKeyId"] == "alias/notebooks"
    assert found["VolumeSizeInGB"] == 20
    assert found["InstanceMetadataServiceConfiguration"] == {
        "MinimumInstanceMetadataServiceVersion": "2"
    }
    name = found["NotebookInstanceLifecycleConfigName"]
    described = account.sagemaker.describe_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name
    )
    assert described["NotebookInstanceLifecycleConfigArn"] == stack.physical_id("Config")
    tags = account.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert {"Key": "app", "Value": "host"} in tags
    assert "aws:cloudformation:stack-name" in [tag["Key"] for tag in tags]
    stack.down()  # of a running one


def test_a_stacks_notebook_instance_is_changed_in_place_and_runs_on(account: Account) -> None:
    stack = Notebook(account, "changed-notebook")
    stack.up(Config=config(), Notebook=private(account)["Notebook"], **network())
    arn, created = stack.physical_id("Notebook"), stack.describe()["CreationTime"]
    resources = private(account, InstanceType="ml.t3.large", Tags=[{"Key": "a", "Value": "b"}])
    del resources["Notebook"]["Properties"]["LifecycleConfigName"]
    stack.up(**{**resources, "Config": config(OTHER)})
    found = stack.describe()
    assert (stack.physical_id("Notebook"), found["CreationTime"]) == (arn, created)
    assert (found["InstanceType"], found["NotebookInstanceStatus"]) == ("ml.t3.large", "InService")
    assert "NotebookInstanceLifecycleConfigName" not in found
    keys = [tag["Key"] for tag in account.sagemaker.list_tags(ResourceArn=arn)["Tags"]]
    assert "a" in keys
    assert "app" not in keys
    (listed,) = account.sagemaker.list_notebook_instance_lifecycle_configs(NameContains="config-")[
        "NotebookInstanceLifecycleConfigs"
    ]
    assert listed["NotebookInstanceLifecycleConfigArn"] == stack.physical_id("Config")
    scripts = account.sagemaker.describe_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=listed["NotebookInstanceLifecycleConfigName"]
    )
    assert scripts["OnStart"] == [{"Content": OTHER}]

    stack.up(**private(account, DirectInternetAccess="Enabled"))
    assert stack.physical_id("Notebook") != arn  # replaced
    stack.down()
    assert account.sagemaker.list_notebook_instances()["NotebookInstances"] == []
    left = account.sagemaker.list_notebook_instance_lifecycle_configs()
    assert left["NotebookInstanceLifecycleConfigs"] == []


def test_a_stopped_notebook_instance_stays_stopped_when_its_stack_changes_it(
    account: Account,
) -> None:
    stack = Notebook(account, "stopped-notebook")
    stack.up(Notebook=notebook(account))
    mine = Operations(account, stack.describe()["NotebookInstanceName"])
    mine("stop")
    stack.up(Notebook=notebook(account, VolumeSizeInGB=10))
    assert (mine.status(), mine("describe")["VolumeSizeInGB"]) == ("Stopped", 10)
    stack.down()
