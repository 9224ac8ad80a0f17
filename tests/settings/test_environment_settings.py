"""An environment may be empty, and every mistake in it is one line."""

import pytest

from environments.loading import load_environment
from environments.schema import Environment
from tests.settings.project import WORKLOAD, SettingsProject

NAME = "1 to 20 lowercase letters, digits and single inner hyphens, a letter first"
NOT_AWS = 'a name without "aws" or "ssm" in front, which AWS keeps for its own parameters'
TAG_KEY = 'a key other than "app", without "aws:" or "sagestack:" in front'
DAYS = (
    "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, "
    "1096, 1827, 2192, 2557, 2922, 3288, 3653"
)
REGION = 'a region of SageMaker, such as "eu-west-1"'
VPC = 'vpc.subnet_ids = ["subnet-01234567"]\nvpc.security_group_ids = ["sg-01234567"]'

MISTAKES = {
    "a name that no bucket has": ('name = "Sage"', f'name: found "Sage"; allowed: {NAME}'),
    "a name of 21 characters": (
        f'name = "{"s" * 21}"',
        f'name: found "{"s" * 21}"; allowed: {NAME}',
    ),
    "a name that no repository of ECR has": (
        'name = "a--b"',
        f'name: found "a--b"; allowed: {NAME}',
    ),
    "a name that no parameter has": (
        'name = "awsome"',
        f'name: found "awsome"; allowed: {NOT_AWS}',
    ),
    "a name of Systems Manager's own": (
        'name = "ssm"',
        f'name: found "ssm"; allowed: {NOT_AWS}',
    ),
    "an account that lost its zeros": (
        "account = 12345678901",
        "account: found 12345678901; allowed: an account of 12 digits, in quotes",
    ),
    "a misspelt region": (
        'region = "eu-wset-1"',
        f'region: found "eu-wset-1"; allowed: {REGION}; did you mean "eu-west-1"?',
    ),
    "a truth in quotes": (
        'retain_data = "true"',
        'retain_data: found "true"; allowed: true, false',
    ),
    "a retention that no log has": (
        "log_retention_days = 31",
        f"log_retention_days: found 31; allowed: {DAYS}",
    ),
    "a misspelt key": (
        "retain-data = true",
        "retain-data: unknown key; allowed: name, account, region, tags, retain_data, "
        'log_retention_days, vpc, job_wait, api, dev_host; did you mean "retain_data"?',
    ),
    "a tag of AWS's own": (
        'tags."AWS:x" = "1"',
        f'tags."AWS:x": found "AWS:x"; allowed: {TAG_KEY}',
    ),
    "the tag by which the app finds its jobs": (
        'tags.app = "x"',
        f'tags.app: found "app"; allowed: {TAG_KEY}',
    ),
    "that tag in capitals, which IAM takes for the same": (
        'tags.App = "x"',
        f'tags.App: found "App"; allowed: {TAG_KEY}',
    ),
    "a tag of the app's own": (
        'tags."sagestack:request-id" = "1"',
        f'tags."sagestack:request-id": found "sagestack:request-id"; allowed: {TAG_KEY}',
    ),
    "a tag's value that is a number": (
        "tags.team = 1",
        "tags.team: found 1; allowed: at most 256 letters, digits, blanks and _.:/=+-@",
    ),
    "a tag's key with a mark": (
        'tags."a!" = "1"',
        'tags."a!": found "a!"; allowed: 1 to 128 letters, digits, blanks and _.:/=+-@',
    ),
    "21 tags": (
        "\n".join(f'tags.t{i} = "1"' for i in range(21)),
        "tags: found a table; allowed: a table of at most 20 tags",
    ),
    "a wait that CloudFormation would not give": (
        "job_wait = 3001",
        "job_wait: found 3001; allowed: an integer from 5 to 3000 (seconds)",
    ),
    "an API that takes nothing": (
        "api.throttling_rate_limit = 0",
        "api.throttling_rate_limit: found 0; "
        "allowed: a number above 0, at most 10000 (requests/second)",
    ),
    "a burst of half a request": (
        "api.throttling_burst_limit = 0.5",
        "api.throttling_burst_limit: found 0.5; allowed: an integer from 1 to 5000 (requests)",
    ),
    "a logging role that is a number": (
        "api.account_logging_role = 0",
        "api.account_logging_role: found 0; allowed: true, false",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    text, expected = MISTAKES[mistake]
    assert project.environment_problems(text) == [expected]


def test_a_serverless_variant_is_refused_beside_a_vpc(project: SettingsProject) -> None:
    head, tail = WORKLOAD.split("[[variants]]", maxsplit=1)
    tail = tail[tail.index("[api]") :]
    project.write(
        "workloads/iris.toml", f'{head}[[variants]]\nname = "small"\n[variants.serverless]\n{tail}'
    )
    assert project.problems() == ()
    project.write("environments/default.toml", VPC)
    assert project.problems() == (
        "workloads/iris.toml: variants[0].serverless: found in an environment with [vpc]; "
        "allowed: only in an environment without, as serverless variants run in no VPC",
    )


def test_every_key_may_be_left_out(project: SettingsProject) -> None:
    environment = load_environment(project.root / "environments/default.toml")
    assert environment == Environment()
    assert (environment.name, environment.account, environment.vpc) == ("sagestack", None, None)


def test_what_is_written_is_what_is_loaded(project: SettingsProject) -> None:
    text = f'name = "plants"\naccount = "012345678901"\nregion = "eu-west-1"\n{VPC}\ntags.a = "é"'
    text += "\napi.account_logging_role = false"
    assert project.environment_problems(text) == []
    environment = load_environment(project.root / "environments/default.toml")
    assert environment.account == "012345678901"
    assert environment.tags == {"a": "é"}
    assert not environment.api.account_logging_role
    assert environment.vpc
    assert environment.vpc.subnet_ids == ("subnet-01234567",)
    assert environment.vpc.security_group_ids == ("sg-01234567",)


def test_the_longest_names_make_an_endpoint_of_63_characters(project: SettingsProject) -> None:
    """SageMaker's limit of EndpointName."""
    workload = project.load(WORKLOAD.replace('"iris"', f'"{"i" * 42}"'), name="i" * 42)
    assert project.environment_problems(f'name = "{"s" * 20}"') == []
    assert len(workload.endpoint_name("s" * 20)) == 63
