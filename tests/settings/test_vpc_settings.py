"""An environment's VPC exists or is made by the app: one of both, and each mistake by its key."""

import pytest

from environments.loading import load_environment
from tests.settings.project import SettingsProject

EXISTING = 'vpc.subnet_ids = ["subnet-01234567"]\nvpc.security_group_ids = ["sg-01234567"]'
MADE = 'vpc.cidr = "10.0.0.0/16"'
CIDR = 'a block of private IPv4 addresses from /16 to /24, such as "10.0.0.0/16"'

MISTAKES = {
    "a VPC without its security groups": (
        'vpc.subnet_ids = ["subnet-01234567"]',
        "vpc.security_group_ids: missing; allowed: a list of 1 to 5 security groups",
    ),
    "a VPC without its subnets": (
        'vpc.security_group_ids = ["sg-01234567"]',
        "vpc.subnet_ids: missing; allowed: a list of 1 to 16 subnets",
    ),
    "a subnet that is none": (
        EXISTING.replace("subnet-0", "subnet-x"),
        'vpc.subnet_ids[0]: found "subnet-x1234567"; allowed: a subnet, "subnet-..."',
    ),
    "a security group twice": (
        EXISTING.replace('"sg-01234567"', '"sg-01234567", "sg-01234567"'),
        'vpc.security_group_ids[1]: found "sg-01234567" twice; allowed: each once',
    ),
    "no subnets at all": (
        f"{MADE}\nvpc.subnet_ids = []",
        "vpc.subnet_ids: found a list of 0; allowed: a list of 1 to 16 subnets",
    ),
    "an empty table": (
        "[vpc]",
        "vpc: found no VPC; allowed: cidr, of one that the app makes, or subnet_ids and "
        "security_group_ids, of one that exists",
    ),
    "a VPC that exists and is to be made": (
        f"{EXISTING}\n{MADE}",
        'vpc.cidr: found "10.0.0.0/16"; allowed: only without subnet_ids and security_group_ids, '
        "which are of a VPC that exists",
    ),
    "a VPC that is to be made in subnets that exist": (
        f'{MADE}\nvpc.subnet_ids = ["subnet-01234567"]',
        'vpc.cidr: found "10.0.0.0/16"; allowed: only without subnet_ids and security_group_ids, '
        "which are of a VPC that exists",
    ),
    "zones of subnets that exist": (
        f'{EXISTING}\nvpc.availability_zones = ["eu-west-1a", "eu-west-1b"]',
        "vpc.availability_zones: found a list of 2; allowed: only with cidr: subnets that exist "
        "have their zones",
    ),
    "one zone, where hosting wants two": (
        f'{MADE}\nvpc.availability_zones = ["eu-west-1a"]',
        "vpc.availability_zones: found a list of 1; allowed: a list of 2 to 6 availability zones",
    ),
    "a zone twice": (
        f'{MADE}\nvpc.availability_zones = ["eu-west-1a", "eu-west-1a"]',
        'vpc.availability_zones[1]: found "eu-west-1a" twice; allowed: each once',
    ),
    "a region in the place of a zone": (
        f'{MADE}\nvpc.availability_zones = ["eu-west-1", "eu-west-1b"]',
        'vpc.availability_zones[0]: found "eu-west-1"; '
        'allowed: an availability zone, such as "eu-west-1a"',
    ),
    **{
        f"the block {block}": (
            f'vpc.cidr = "{block}"',
            f'vpc.cidr: found "{block}"; allowed: {CIDR}',
        )
        for block in ("10.0.0.1/16", "10.0.0.0/15", "10.0.0.0/25", "8.8.0.0/16", "10.0.0.0", "all")
    },
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    text, expected = MISTAKES[mistake]
    assert project.environment_problems(text) == [expected]


@pytest.mark.parametrize("block", ["10.0.0.0/16", "172.16.4.0/22", "192.168.7.0/24"])
def test_a_vpc_is_made_of_any_private_block(project: SettingsProject, block: str) -> None:
    text = f'vpc.cidr = "{block}"\nvpc.availability_zones = ["eu-west-1a", "eu-west-1c"]'
    assert project.environment_problems(text) == []
    vpc = load_environment(project.root / "environments/default.toml").vpc
    assert vpc
    assert (vpc.cidr, vpc.availability_zones) == (block, ("eu-west-1a", "eu-west-1c"))
