"""The default group is closed, and the network outlives its last network interface."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from jobs import private_network
from jobs.clients import Clients
from jobs.events import ResourceError

from .fake_aws import FakeAws

DEFAULT, JOBS = "sg-default", "sg-jobs"
INGRESS = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": DEFAULT}]}]
EGRESS = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


@pytest.fixture
def clients(aws: FakeAws) -> Clients:
    return replace(aws.clients)


@pytest.fixture
def ec2(clients: Clients) -> Iterator[Stubber]:
    with Stubber(clients.ec2) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def event_of(request_type: str) -> Any:
    return {
        "RequestType": request_type,
        "RequestId": "r1",
        "StackId": "stack",
        "LogicalResourceId": "Privacy",
        "ResourceType": "Custom::SageMakerPrivateNetwork",
        "ResourceProperties": {"DefaultSecurityGroupId": DEFAULT, "SecurityGroupId": JOBS},
    }


def with_rules(ec2: Stubber, ingress: list[Any], egress: list[Any]) -> None:
    group = {"GroupId": DEFAULT, "IpPermissions": ingress, "IpPermissionsEgress": egress}
    ec2.add_response(
        "describe_security_groups", {"SecurityGroups": [group]}, {"GroupIds": [DEFAULT]}
    )


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_the_default_group_loses_all_of_its_rules(
    clients: Clients, ec2: Stubber, request_type: str
) -> None:
    with_rules(ec2, INGRESS, EGRESS)
    for way, rules in (("ingress", INGRESS), ("egress", EGRESS)):
        ec2.add_response(
            f"revoke_security_group_{way}", {}, {"GroupId": DEFAULT, "IpPermissions": rules}
        )
    accepted = private_network.on_event(event_of(request_type), clients)
    assert accepted == {"PhysicalResourceId": f"{JOBS}-private"}


def test_a_group_without_rules_is_left_alone(clients: Clients, ec2: Stubber) -> None:
    with_rules(ec2, [], [])  # and nothing is revoked
    private_network.on_event(event_of("Create"), clients)


def prefix_lists(ec2: Stubber, *ids: str) -> None:
    filters = [{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}]
    found = [{"PrefixListId": each} for each in ids]
    ec2.add_response("describe_prefix_lists", {"PrefixLists": found}, {"Filters": filters})


def test_it_tells_which_prefix_list_is_that_of_s3(clients: Clients, ec2: Stubber) -> None:
    prefix_lists(ec2, "pl-1")
    progress = private_network.is_complete(event_of("Create"), clients)
    assert progress == {"IsComplete": True, "Data": {"S3PrefixListId": "pl-1"}}


def test_a_region_without_that_list_fails_the_deploy(clients: Clients, ec2: Stubber) -> None:
    prefix_lists(ec2)
    with pytest.raises(ResourceError, match="no prefix list"):
        private_network.is_complete(event_of("Create"), clients)


def interfaces(ec2: Stubber, *ids: str) -> None:
    filters = [{"Name": "group-id", "Values": [JOBS]}]
    found = [{"NetworkInterfaceId": each} for each in ids]
    ec2.add_response(
        "describe_network_interfaces", {"NetworkInterfaces": found}, {"Filters": filters}
    )


def test_a_delete_waits_for_the_last_network_interface(clients: Clients, ec2: Stubber) -> None:
    delete = event_of("Delete")
    assert private_network.on_event(delete, clients) == {}
    interfaces(ec2, "eni-1", "eni-2")
    interfaces(ec2, "eni-2")
    interfaces(ec2)
    waits = [private_network.is_complete(delete, clients)["IsComplete"] for _ in range(3)]
    assert waits == [False, False, True]
