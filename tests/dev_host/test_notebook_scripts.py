"""The scripts of a notebook's lifecycle, run for real: only sudo, conda and Python stand in."""

import base64
import gzip
import json
import subprocess
import time
from pathlib import Path

import pytest

from local.cdk_cli import ROOT

SCRIPTS = ROOT / "dev_host" / "notebook"
SUDO = """#!/bin/bash
[ "$1 $2" = "-u ec2-user" ] || exit 9
shift 2
echo "$@" >>"$CALLS/sudo"
exec "$@"
"""
CONDA = """#!/bin/bash
echo "$@" >>"$CALLS/conda"
[ ! -e "$CALLS/no-network" ] || exit 1
mkdir -p "$5/bin"
"""
PYTHON = """#!/bin/bash
[ "$1" != -c ] || exit "${NO_BOTO3:-0}"
echo "$@" >>"$CALLS/python"
"""


class Machine:
    """A notebook instance in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "SageMaker"
        self.calls = root / "calls"
        self.home = root / "home"
        for name, content in {
            "bin/sudo": SUDO,
            "home/anaconda3/bin/conda": CONDA,
            "home/anaconda3/envs/JupyterSystemEnv/bin/python": PYTHON,
        }.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            file.chmod(0o755)
        self.folder.mkdir()
        self.calls.mkdir()

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", SCRIPTS / script],
            env={
                "PATH": f"{self.root}/bin:/sbin:/bin:/usr/sbin:/usr/bin",  # as SageMaker has it
                "SAGEMAKER_FOLDER": str(self.folder),
                "HOME_FOLDER": str(self.home),
                "CALLS": str(self.calls),
                "APP": "app",
                "REGION": "eu-west-1",
                "NOTEBOOK": "app-dev-host",
                "IDLE_MINUTES": "45",
                "IDLE_STOP": base64.b64encode(
                    gzip.compress((SCRIPTS / "idle_stop.py").read_bytes())
                ).decode(),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def start(self, **environment: str) -> None:
        done = self.run("on-start.sh", **environment)
        assert (done.returncode, done.stderr) == (0, "")

    def called(self, program: str) -> list[str]:
        file = self.calls / program
        return file.read_text().splitlines() if file.exists() else []

    def log(self, name: str) -> str:
        file = self.folder / f"sagestack-{name}.log"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    done = machine.run("on-create.sh")
    assert (done.returncode, done.stderr) == (0, "")
    return machine


def _wait_for(what: str, machine: Machine, log: str, times: int = 1) -> None:
    """Wait for what the script has left to the background."""
    deadline = time.monotonic() + 20
    while machine.log(log).count(what) < times:
        assert time.monotonic() < deadline, machine.log(log)
        time.sleep(0.05)


def test_the_r_environment_is_made_once_and_told_to_jupyter_at_each_start(
    machine: Machine,
) -> None:
    machine.start()
    _wait_for("Jupyter has the kernel", machine, "r-kernel")
    (made,) = machine.called("conda")
    assert "r-base=4.4.* r-irkernel=" in made
    assert all("=" in word for word in made.split("conda-forge ")[1].split())
    file = machine.home / ".local/share/jupyter/kernels/sagestack-r/kernel.json"
    kernel = json.loads(file.read_text())
    assert kernel["argv"][0] == f"{machine.folder}/.sagestack/r/bin/R"
    assert kernel["env"]["SAGESTACK_APP"] == "app"
    assert kernel["env"]["AWS_DEFAULT_REGION"] == "eu-west-1"
    file.unlink()  # as a stop does, with all that is not in the folder
    machine.start()
    _wait_for("Jupyter has the kernel", machine, "r-kernel", times=2)
    assert file.exists()
    assert len(machine.called("conda")) == 1


def test_an_environment_that_could_not_be_made_is_made_at_the_next_start(
    machine: Machine,
) -> None:
    (machine.calls / "no-network").touch()
    machine.start()
    deadline = time.monotonic() + 20
    while not machine.called("conda"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (machine.calls / "no-network").unlink()
    machine.start()
    _wait_for("Jupyter has the kernel", machine, "r-kernel")
    assert len(machine.called("conda")) == 2


def test_what_stops_it_when_idle_is_started_as_the_user(machine: Machine) -> None:
    machine.start()
    deadline = time.monotonic() + 20
    while not machine.called("python"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    laid = machine.folder / ".sagestack/idle_stop.py"
    assert machine.called("python") == [f"-u {laid} app-dev-host eu-west-1 45"]
    # as root, what the user can change would be the user's way to be root
    as_user = [line.split()[:3] for line in machine.called("sudo") if line.startswith("nohup")]
    assert sorted(name for _, name, _ in as_user) == sorted(
        ["bash", str(machine.home / "anaconda3/envs/JupyterSystemEnv/bin/python")]
    )
    assert laid.read_bytes() == (SCRIPTS / "idle_stop.py").read_bytes()


def test_without_boto3_the_start_fails_rather_than_cost_for_ever(machine: Machine) -> None:
    # the machine of the test may have it
    script = (SCRIPTS / "on-start.sh").read_text().replace("/usr/bin/python3", "/nowhere")
    (machine.root / "on-start.sh").write_text(script)
    done = machine.run(str(machine.root / "on-start.sh"), NO_BOTO3="1")
    assert done.returncode == 1
    assert "no Python here has boto3" in done.stdout


def test_no_script_waits_for_what_takes_long(machine: Machine) -> None:
    (machine.home / "anaconda3/bin/conda").write_text("#!/bin/bash\nexec sleep 20\n")
    started = time.monotonic()
    machine.start()
    assert time.monotonic() - started < 15
