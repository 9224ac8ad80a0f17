"""A dev host is asked for in full, and every mistake in it is one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.dev_host import NotebookHost, RStudioHost
from environments.dev_host_downloads import downloads
from environments.loading import load_environment
from tests.settings.project import SettingsProject

RSTUDIO = """
[dev_host]
kind = "rstudio"
accept_agpl = true
vpc_id = "vpc-0123456789abcdef0"
subnet_id = "subnet-0123456789abcdef0"
availability_zone = "eu-west-1a"
"""
NOTEBOOK = """
[dev_host]
kind = "notebook"
vpc_id = "vpc-0123456789abcdef0"
subnet_id = "subnet-0123456789abcdef0"
"""
AGPL = (
    "true, which accepts the licence of RStudio Server, the AGPL version 3 "
    "(https://www.gnu.org/licenses/agpl-3.0.html)"
)
MISTAKES = {
    "a licence that nobody accepted": (
        RSTUDIO.replace("accept_agpl = true", ""),
        f"dev_host.accept_agpl: missing; allowed: {AGPL}",
    ),
    "a licence that was refused": (
        RSTUDIO.replace("accept_agpl = true", "accept_agpl = false"),
        f"dev_host.accept_agpl: found false; allowed: {AGPL}",
    ),
    "a kind that there is not": (
        RSTUDIO.replace('"rstudio"', '"jupyter"'),
        'dev_host.kind: found "jupyter"; allowed: "rstudio", "notebook"',
    ),
    "no kind": (
        RSTUDIO.replace('kind = "rstudio"', ""),
        'dev_host.kind: missing; allowed: "rstudio", "notebook"',
    ),
    "a misspelt instance type": (
        RSTUDIO + 'instance_type = "t3.lagre"',
        'dev_host.instance_type: found "t3.lagre"; allowed: an instance type of EC2, such as '
        '"t3.large"; did you mean "t3.large"?',
    ),
    "an instance type of EC2 for a notebook": (
        NOTEBOOK + 'instance_type = "t3.medium"',
        'dev_host.instance_type: found "t3.medium"; allowed: an instance type of SageMaker '
        'notebooks, such as "ml.t3.medium"; did you mean "ml.t3.medium"?',
    ),
    "a region for a zone": (
        RSTUDIO.replace("eu-west-1a", "eu-west-1"),
        'dev_host.availability_zone: found "eu-west-1"; allowed: the availability zone of the '
        'subnet, such as "eu-west-1a"',
    ),
    "a time that no clock shows": (
        RSTUDIO + 'stop_at = "24:00"',
        'dev_host.stop_at: found "24:00"; allowed: a time of day such as "20:00", or "never"',
    ),
    "a time zone with a blank": (
        RSTUDIO + 'time_zone = "Europe/New York"',
        'dev_host.time_zone: found "Europe/New York"; allowed: a time zone of the IANA database '
        'such as "Europe/Berlin"',
    ),
    "a host that stops while one thinks": (
        NOTEBOOK + "idle_minutes = 5",
        "dev_host.idle_minutes: found 5; allowed: an integer from 10 to 1440 (minutes)",
    ),
    "a disk of nothing": (
        RSTUDIO + "volume_size_gb = 0",
        "dev_host.volume_size_gb: found 0; allowed: an integer from 10 to 65536 (GB)",
    ),
    "a key of the other kind": (
        NOTEBOOK + "accept_agpl = true",
        "dev_host.accept_agpl: unknown key; allowed: vpc_id, subnet_id, idle_minutes, stop_at, "
        "time_zone, kind, instance_type, volume_size_gb",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    text, expected = MISTAKES[mistake]
    assert project.environment_problems(text) == [expected]


@pytest.mark.parametrize(("text", "kind"), [(RSTUDIO, RStudioHost), (NOTEBOOK, NotebookHost)])
def test_the_rest_has_defaults(
    project: SettingsProject,
    text: str,
    kind: type[RStudioHost | NotebookHost],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checksums = {download.url: "0" * 64 for download in downloads("amd64")}
    monkeypatch.setattr("environments.loading.locked", lambda: checksums)
    assert project.environment_problems(text) == []
    host = load_environment(project.root / "environments/default.toml").dev_host
    assert isinstance(host, kind)
    assert (host.idle_minutes, host.stop_schedule, host.time_zone) == (
        60,
        "cron(0 20 * * ? *)",
        "UTC",
    )


def test_without_it_there_is_none(project: SettingsProject) -> None:
    assert load_environment(project.root / "environments/default.toml").dev_host is None


def _host(**settings: str) -> RStudioHost:
    return RStudioHost.model_validate(
        {
            "kind": "rstudio",
            "accept_agpl": True,
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_id": "subnet-0123456789abcdef0",
            "availability_zone": "eu-west-1a",
            **settings,
        }
    )


@given(hour=st.integers(0, 23), minute=st.integers(0, 59))
def test_any_time_of_day_is_a_schedule_of_that_time(hour: int, minute: int) -> None:
    schedule = _host(stop_at=f"{hour:02}:{minute:02}").stop_schedule
    assert schedule == f"cron({minute} {hour} * * ? *)"


def test_never_is_no_schedule() -> None:
    assert _host(stop_at="never").stop_schedule is None


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        ("t3.large", "amd64"),
        ("m7i.large", "amd64"),
        ("g5.xlarge", "amd64"),
        ("g4dn.xlarge", "amd64"),
        ("t4g.large", "arm64"),
        ("c7gn.large", "arm64"),
        ("im4gn.large", "arm64"),
        ("g5g.xlarge", "arm64"),
        ("a1.large", "arm64"),
    ],
)
def test_the_architecture_is_the_instance_types(instance_type: str, architecture: str) -> None:
    assert _host(instance_type=instance_type).architecture == architecture


@pytest.mark.parametrize("host", [RSTUDIO, RSTUDIO + 'instance_type = "t4g.large"'])
def test_a_download_without_its_checksum_is_told_before_the_synth(
    project: SettingsProject, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("environments.loading.locked", dict)
    architecture = "arm64" if "t4g" in host else "amd64"
    missing = "missing; allowed: its SHA-256, which make lock-downloads writes"
    aws = "dev_host/downloads.lock: https://s3.amazonaws.com/cloudformation-examples"
    posit = f"dev_host/downloads.lock: https://download2.rstudio.org/server/jammy/{architecture}"
    assert project.environment_problems(host) == [
        f"{aws}/aws-cfn-bootstrap-py3-2.0-39.tar.gz: {missing}",
        f"{posit}/rstudio-server-2026.01.1-403-{architecture}.deb: {missing}",
    ]
