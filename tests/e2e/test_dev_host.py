"""The dev host's stack, deployed, whose machine really boots, installs itself and is worked on.

The machine is a container of the same Ubuntu, with systemd, real volumes, the metadata service and
its role's own credentials; IAM is enforced. It runs the user data of the template, and that
cfn-init with the template's metadata. What it cannot download here is in a mirror.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from environments.dev_host_downloads import RSTUDIO_VERSION
from local.cdk_cli import ROOT, CdkError
from local.deployment import Deployment
from local.ec2.disks import FOLDER as VOLUMES
from local.leftovers import leftovers
from local.session import EmbeddedAWS
from tests.dev_host import mirror
from tests.e2e.conftest import APP, copy, silent
from tests.e2e.dev_host import STACK, lock, resources, settings
from tests.e2e.machine import Host, until

HELPERS = ROOT / "build" / "aws-cfn-bootstrap" / "aws-cfn-bootstrap-1.4-31.tar.gz"


@pytest.fixture(scope="module")
def ubuntu(docker_engine: None) -> None:  # noqa: ARG001 - asked for first
    """Skip, saying why, where there is no Ubuntu to be had; fail where it was promised."""
    for command in (["image", "inspect"], ["pull", "--quiet"]):
        done = subprocess.run(
            ["docker", *command, "ubuntu:24.04"], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return
    problem = f"the Docker engine has no ubuntu:24.04 and does not get it: {done.stderr.strip()}"
    if os.environ.get("SAGESTACK_REQUIRE_UBUNTU") == "1":
        pytest.fail(f"SAGESTACK_REQUIRE_UBUNTU=1, but {problem}")
    pytest.skip(problem)


@pytest.fixture(scope="module")
def host(
    tmp_path_factory: pytest.TempPathFactory,
    ubuntu: None,  # noqa: ARG001 - asked for first
    pytestconfig: pytest.Config,
) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("mirror")
    downloads = list(mirror.make(folder / "files", folder / "work", HELPERS))
    # said in every run, not only where a test fails
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\nIn the place of these downloads, the machine of the tests gets stand-ins:")
        for download in downloads:
            print(f"  {download.name}: {download.url}")
    root = copy(tmp_path_factory.mktemp("project") / "sagestack", "iris-mars")
    lock(root, lambda each: sha256(mirror.path_of(folder / "files", each).read_bytes()).hexdigest())
    variables = {"SAGESTACK_RUNNER": "docker", "SAGESTACK_MIRROR": str(folder / "files")}
    state = tmp_path_factory.mktemp("embedded-aws")
    with EmbeddedAWS(state, settings=variables, enforce_iam=True) as aws:
        (root / "environments" / "default.toml").write_text(settings(aws))
        deployment = Deployment(aws, root=root, assembly=root / "cdk.out")
        deployment.synth(silent)
        deployment.bootstrap(silent)
        yield Host(root, aws, deployment, folder / "files")
    shutil.rmtree(state / "apt-archives")  # pytest would keep it for some runs


def test_a_file_that_is_not_the_locked_one_fails_the_stack_with_the_logs_last_lines(
    host: Host,
) -> None:
    (package,) = host.mirror.glob("download2.rstudio.org/**/*.deb")
    published = package.read_bytes()
    package.write_bytes(published + b"\0")
    try:
        with pytest.raises(CdkError) as failed:
            host.deploy()
    finally:
        package.write_bytes(published)
    told = str(failed.value)
    assert "sha256sum: WARNING: 1 computed checksum did NOT match" in told
    assert "Command 01 failed" in told
    (stack,) = host.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"


def test_the_stack_is_complete_when_the_login_page_answers(host: Host) -> None:
    host.deploy()
    assert "RStudio: Sign In" in host.login_page()
    listening = host.run("ss", "--listening", "--tcp", "--numeric", "--no-header")
    assert "127.0.0.1:8787" in listening
    assert "0.0.0.0:8787" not in listening


def test_r_loads_each_package_of_the_workloads(host: Host) -> None:
    packages = host.run("cat", "/etc/sagestack/dev-host.json")
    names = json.loads(packages)["r_packages"]
    assert {"mda", "forecast", "reticulate", "jsonlite"} <= set(names)
    told = host.run("cat", "/var/log/cfn-init-cmd.log")
    (loaded,) = re.findall(r"R [\d.]+ loads (.*)", told)
    assert {name.lower() for name in loaded.split(", ")} == set(names)


def test_what_is_pinned_has_its_version(host: Host) -> None:
    installed = dict(
        line.split("=", 1)
        for line in host.run("dpkg-query", "--show", "--showformat=${Package}=${Version}\n").split()
    )
    pinned = dict(
        line.partition("#")[0].strip().split("=", 1)
        for line in (ROOT / "dev_host" / "ubuntu-packages.txt").read_text().splitlines()
        if "=" in line
    )
    assert pinned
    assert {name: installed[name] for name in pinned} == pinned
    assert installed["rstudio-server"] == RSTUDIO_VERSION


def test_the_secrets_password_opens_rstudio_and_no_other_does(host: Host) -> None:
    assert host.logs_in(host.password())
    assert not host.logs_in("rstudio")


def test_a_rotated_password_holds_within_a_minute(host: Host) -> None:
    old = host.password()
    secret = host.deployment.output(STACK, "PasswordSecret")
    host.aws.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="n3w" * 8)
    until(lambda: host.logs_in("n3w" * 8), seconds=75)
    assert not host.logs_in(old)


def test_no_log_of_the_host_has_the_password(host: Host) -> None:
    found = subprocess.run(
        [
            "docker",
            "exec",
            host.instance,
            "grep",
            "-rl",
            host.password(),
            "/var/log",
            "/etc",
            "/opt",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""


def test_the_users_files_are_on_the_encrypted_volume(host: Host) -> None:
    source = host.run("findmnt", "--noheadings", "--output", "SOURCE", "/home/rstudio").strip()
    assert source.startswith("/dev/loop")
    (backing,) = re.findall(rf"{VOLUMES}/(vol-\w+)\.img", host.run("losetup", "--list", source))
    (volume,) = host.aws.client("ec2").describe_volumes(VolumeIds=[backing])["Volumes"]
    assert volume["Encrypted"]
    assert volume["Attachments"][0]["InstanceId"] == host.instance


def test_the_project_is_there_and_its_scripts_see_boto3(host: Host) -> None:
    files = host.run("ls", "/home/rstudio/sagestack").split()
    assert {"prototype.R", "submit.R", "predict.R"} <= set(files)
    shown = host.run(
        *("runuser", "--login", "rstudio", "--command"),
        """Rscript -e 'cat(reticulate::import("boto3")$`__version__`)'""",
    )
    assert shown.startswith("1.34")


def test_the_role_reaches_what_the_scripts_need_and_nothing_else(host: Host) -> None:
    """The machine's own credentials, by the metadata service."""
    script = (
        "import boto3, botocore\n"
        "print(boto3.client('sts').get_caller_identity()['Arn'])\n"
        "print(len(boto3.client('ssm').get_parameters_by_path(Path='/sagestack/jobs')"
        "['Parameters']))\n"
        "for service, call in (('iam', 'list_roles'), ('s3', 'list_buckets'),\n"
        "                      ('secretsmanager', 'list_secrets')):\n"
        "    try:\n"
        "        getattr(boto3.client(service), call)()\n"
        "    except botocore.exceptions.ClientError as error:\n"
        "        print(service, error.response['Error']['Code'])\n"
    )
    told = host.run(
        *("env", f"AWS_ENDPOINT_URL={host.aws.endpoint_url}", "AWS_DEFAULT_REGION=us-east-1"),
        *("python3", "-c", script),
    )
    caller, _, *refused = told.splitlines()
    assert f"{APP}-dev-host-RStudioRole" in caller
    assert [line.split()[0] for line in refused] == ["iam", "s3", "secretsmanager"]
    assert all("Denied" in line for line in refused)


def test_a_host_that_is_stopped_and_started_has_the_files_and_rstudio_again(host: Host) -> None:
    ec2 = host.aws.client("ec2")
    host.run("runuser", "-u", "rstudio", "--", "touch", "/home/rstudio/kept")
    ec2.stop_instances(InstanceIds=[host.instance])
    until(lambda: host.described()["State"]["Name"] == "stopped")
    ec2.start_instances(InstanceIds=[host.instance])
    until(lambda: host.described()["State"]["Name"] == "running")
    until(lambda: host.is_active("rstudio-server"))
    assert "kept" in host.run("ls", "/home/rstudio")
    assert "RStudio: Sign In" in host.login_page()


def test_a_host_that_shuts_itself_down_is_stopped(host: Host) -> None:
    """What idle_stop.py does; when it does, its own tests show with a clock of theirs."""
    assert host.is_active("sagestack-idle-stop")
    host.tried("systemctl", "poweroff")
    until(lambda: host.described()["State"]["Name"] == "stopped")
    host.aws.client("ec2").start_instances(InstanceIds=[host.instance])
    until(lambda: host.is_active("rstudio-server"))


def test_an_update_makes_a_new_host_that_takes_the_files_over(host: Host) -> None:
    old = host.instance
    host.edit("dev_host/install-project.sh", "set -euo pipefail", "set -euo pipefail  # anew")
    host.deploy()
    new = host.instance
    assert new != old
    assert host.described(old)["State"]["Name"] == "terminated"
    assert "kept" in host.run("ls", "/home/rstudio")
    assert "anew" in host.run("cat", "/opt/sagestack/install-project.sh")
    assert host.logs_in(host.password())


def test_an_update_that_fails_leaves_the_old_host_with_the_files(host: Host) -> None:
    old = host.instance
    host.edit("dev_host/install-project.sh", "# anew", "; echo the project is nowhere >&2; exit 7")
    with pytest.raises(CdkError, match="the project is nowhere"):
        host.deploy()
    assert host.instance == old
    ec2 = host.aws.client("ec2")
    until(lambda: host.described()["State"]["Name"] == "stopped")
    ec2.start_instances(InstanceIds=[old])
    until(lambda: host.is_active("rstudio-server"))
    assert "kept" in host.run("ls", "/home/rstudio")


def test_destroy_leaves_nothing(host: Host) -> None:
    (volume,) = resources(host.aws, "AWS::EC2::Volume").values()
    host.deployment.destroy(silent)
    assert leftovers(host.aws.client) == []
    machines = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", "ancestor=sagestack-ec2-ubuntu:24.04"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert machines.stdout == ""
    files = (path.read_text() for path in Path("/sys/block").glob("loop*/loop/backing_file"))
    assert not [file for file in files if volume in file]
