"""A machine learns who it is, and what its role may do, by version 2 of the metadata service."""

import json

import pytest

from local.ec2.metadata_service import MetadataService

TOKEN = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
ROLE = "/latest/meta-data/iam/security-credentials/"


@pytest.fixture
def service() -> MetadataService:
    keys = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "Token": "t"}
    return MetadataService(
        "i-1", "eu-west-1", "eu-west-1a", "0" * 12, "t3.large", "Host", lambda: keys
    )


def ask(service: MetadataService, path: str) -> tuple[int, str]:
    """Ask with a token."""
    _, token = service.put("/latest/api/token", TOKEN)
    status, body = service.get(path, {"x-AWS-ec2-metadata-token": token.decode()})
    return status, body.decode()


def test_who_has_a_token_is_told_which_instance_it_is(service: MetadataService) -> None:
    assert ask(service, "/latest/meta-data/instance-id") == (200, "i-1")
    assert ask(service, "/latest/meta-data/placement/region") == (200, "eu-west-1")
    document = json.loads(ask(service, "/latest/dynamic/instance-identity/document")[1])
    assert (document["instanceId"], document["availabilityZone"]) == ("i-1", "eu-west-1a")


@pytest.mark.parametrize("headers", [{}, {"X-aws-ec2-metadata-token": "made-up"}])
def test_version_1_is_off(service: MetadataService, headers: dict[str, str]) -> None:
    assert service.get("/latest/meta-data/instance-id", headers) == (401, b"")
    assert service.get(f"{ROLE}Host", headers) == (401, b"")


def test_a_token_is_for_who_says_for_how_long(service: MetadataService) -> None:
    assert service.put("/latest/api/token", {}) == (400, b"")


def test_the_roles_credentials_are_found_by_its_name(service: MetadataService) -> None:
    assert ask(service, ROLE) == (200, "Host")
    credentials = json.loads(ask(service, f"{ROLE}Host")[1])
    assert (credentials["Code"], credentials["Token"]) == ("Success", "t")
    assert ask(service, f"{ROLE}Other") == (404, "")


def test_what_there_is_not_is_not_found(service: MetadataService) -> None:
    assert ask(service, "/latest/meta-data/public-ipv4") == (404, "")
