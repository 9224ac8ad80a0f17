"""The secret's password becomes the user's, when it is new, and is seen nowhere on its way."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from host import password


class Secrets:
    """Secrets Manager with one secret."""

    def __init__(self) -> None:
        self.version, self.value = "1", "first"

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        assert SecretId == "arn"
        return {"VersionId": self.version, "SecretString": self.value}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """Each command that was run, with its standard input."""
    ran: list[tuple[list[str], str]] = []

    def run(command: list[str], *, input: str, **_: Any) -> None:  # noqa: A002 - subprocess's name
        ran.append((command, input))

    monkeypatch.setattr(subprocess, "run", run)
    return ran


def test_a_rotated_password_is_set_once(runs: list[Any], tmp_path: Path) -> None:
    secrets, applied = Secrets(), tmp_path / "state" / "version"
    assert password.apply(secrets, "arn", applied)
    assert not password.apply(secrets, "arn", applied)
    secrets.version, secrets.value = "2", "second"
    assert password.apply(secrets, "arn", applied)
    assert runs == [(["chpasswd"], "rstudio:first\n"), (["chpasswd"], "rstudio:second\n")]


def test_it_is_neither_printed_nor_kept(
    runs: list[Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    password.apply(Secrets(), "arn", tmp_path / "version")
    assert runs
    assert capfd.readouterr() == ("", "")
    assert (tmp_path / "version").read_text() == "1"


def test_a_password_that_could_not_be_set_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise subprocess.CalledProcessError(1, "chpasswd")

    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(subprocess.CalledProcessError):
        password.apply(Secrets(), "arn", tmp_path / "version")
    assert not (tmp_path / "version").exists()
