"""A dev host in an account in memory, and a clock that the commands' waiting moves."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import boto3

from cli.dev_host.account import HostAccount
from tests.cli.fake_aws import FakeAws, Record, error_of

INSTANCE = "i-0a1b2c3d4e5f60718"
SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:password"
NOTEBOOK = "app-dev-host"
STACK = "app-dev-host"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class FakeHost(FakeAws):
    """`state`, `pings` and `tags` are what a test arranges; what AWS takes for, is below."""

    def __init__(self) -> None:
        super().__init__()
        session = boto3.Session("test", "test", region_name="us-east-1")
        self.host_account = HostAccount(
            account=self.account,
            ec2=session.client("ec2"),
            secretsmanager=session.client("secretsmanager"),
            ssm=session.client("ssm"),
        )
        for client in (
            self.host_account.ec2,
            self.host_account.secretsmanager,
            self.host_account.ssm,
        ):
            client.meta.events.register_first("before-parameter-build.*.*", self._hear)
            client.meta.events.register_last("before-call.*.*", self._answer)

    def reset(self) -> None:
        super().reset()
        self.now = 0.0
        self.happening: list[tuple[float, Callable[[], None]]] = []
        self.state = "running"
        self.fails_to_start = ""
        self.launched = EPOCH - timedelta(hours=1)
        self.pinged: datetime | None = EPOCH - timedelta(minutes=1)
        self.refusals = 0  # sessions that the agent does not take yet
        self.tags: dict[str, str] = {}
        self.password = "oldpassword"
        self.sessions: dict[str, Record] = {}
        self.terminated: list[str] = []

    def deploy_rstudio(self) -> None:
        self.stacks[STACK] = {"InstanceId": INSTANCE, "PasswordSecret": SECRET}

    def deploy_notebook(self) -> None:
        self.stacks[STACK] = {"NotebookInstanceName": NOTEBOOK}

    def sleep(self, seconds: float) -> None:
        """Let time pass, and what was to happen in it."""
        self.now += seconds
        if len(self.sessions) > len(self.terminated):
            time.sleep(0.1)  # a plugin is starting, a process that is real
        assert self.now < 10_000, "a command waits for ever"
        for at, event in [each for each in self.happening if each[0] <= self.now]:
            self.happening.remove((at, event))
            event()

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        self.happening.append((self.now + seconds, event))

    def become(self, state: str) -> Callable[[], None]:
        return lambda: setattr(self, "state", state)

    def _boots(self) -> None:
        self.state, self.launched = "running", EPOCH + timedelta(seconds=self.now)
        self.after(20, lambda: setattr(self, "pinged", EPOCH + timedelta(seconds=self.now)))

    def _DescribeInstances(self, asked: Record) -> Record:  # noqa: N802
        assert asked["InstanceIds"] == [INSTANCE]
        if not self.state:
            raise error_of("InvalidInstanceID.NotFound", f"The ID {INSTANCE} does not exist")
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        instance = {
            "InstanceId": INSTANCE,
            "State": {"Name": self.state},
            "LaunchTime": self.launched,
            "StateReason": {"Message": self.fails_to_start},
            "Tags": tags,
        }
        return {"Reservations": [{"Instances": [instance]}]}

    def _StartInstances(self, _asked: Record) -> Record:  # noqa: N802
        assert self.state == "stopped"
        # EC2 describes it as stopped for a moment still
        self.after(3, self.become("pending"))
        self.after(15, self.become("stopped") if self.fails_to_start else self._boots)
        return {}

    def _StopInstances(self, _asked: Record) -> Record:  # noqa: N802
        assert self.state in ("running", "pending")
        self.state = "stopping"
        return {}

    def _DescribeInstanceInformation(self, asked: Record) -> Record:  # noqa: N802
        assert asked["Filters"] == [{"Key": "InstanceIds", "Values": [INSTANCE]}]
        if self.pinged is None:
            return {"InstanceInformationList": []}
        online = {"PingStatus": "Online", "LastPingDateTime": self.pinged}
        return {"InstanceInformationList": [online]}

    def _StartSession(self, asked: Record) -> Record:  # noqa: N802
        if self.refusals:
            self.refusals -= 1
            raise error_of("TargetNotConnected", f"{INSTANCE} is not connected.")
        name = f"session-{len(self.sessions)}"
        self.sessions[name] = asked
        return {"SessionId": name, "TokenValue": "TOKEN", "StreamUrl": "wss://stream"}

    def _TerminateSession(self, asked: Record) -> Record:  # noqa: N802
        self.terminated.append(asked["SessionId"])
        return {}

    def _GetSecretValue(self, asked: Record) -> Record:  # noqa: N802
        assert asked["SecretId"] == SECRET
        return {"SecretString": self.password}

    def _GetRandomPassword(self, asked: Record) -> Record:  # noqa: N802
        assert asked["ExcludePunctuation"] is True
        letters = itertools.cycle("Ab3")
        return {"RandomPassword": "".join(itertools.islice(letters, asked["PasswordLength"]))}

    def _PutSecretValue(self, asked: Record) -> Record:  # noqa: N802
        assert asked["SecretId"] == SECRET
        self.password = asked["SecretString"]
        return {}

    def _DescribeNotebookInstance(self, asked: Record) -> Record:  # noqa: N802
        assert asked["NotebookInstanceName"] == NOTEBOOK
        return {"NotebookInstanceStatus": self.state, "FailureReason": "no capacity"}

    def _StartNotebookInstance(self, _asked: Record) -> Record:  # noqa: N802
        assert self.state == "Stopped"
        self.state = "Pending"
        self.after(90, self.become("InService"))
        return {}

    def _StopNotebookInstance(self, _asked: Record) -> Record:  # noqa: N802
        assert self.state == "InService"
        self.state = "Stopping"
        return {}

    def _CreatePresignedNotebookInstanceUrl(self, asked: Record) -> Record:  # noqa: N802
        assert (asked["NotebookInstanceName"], self.state) == (NOTEBOOK, "InService")
        return {"AuthorizedUrl": "https://notebook.example/?authToken=let-me-in"}
