"""docs/isolation.md and environments/default.toml show what an environment's file takes."""

import re

import pytest

from app import ROOT
from environments.vpc import Vpc
from tests.settings.project import SettingsProject
from workloads.schema.local_disks import takes_key

TEXT = (ROOT / "docs" / "isolation.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_an_environment_takes_each_block(project: SettingsProject, block: str) -> None:
    assert project.environment_problems(block) == []
    written = re.sub(r"(?m)^# (\w+ =)", r"\1", block)  # with what is left out
    assert project.environment_problems(written) == []


def test_an_environment_takes_each_vpc_of_the_defaults(project: SettingsProject) -> None:
    text = (ROOT / "environments" / "default.toml").read_text()
    tables = re.findall(r"(?m)^# \[vpc\]\n((?:# \w+ = .*\n)+)", text)
    assert len(tables) == 2
    for table in tables:
        lines = re.sub(r"(?m)^# ", "", table)
        assert project.environment_problems(f"[vpc]\n{lines}") == []


def test_every_key_of_the_vpc_is_shown() -> None:
    assert all(name in "".join(BLOCKS) for name in Vpc.model_fields)


def test_the_families_that_are_said_to_take_no_key_take_none() -> None:
    (said,) = re.findall(r"families with a `d` as (.*?)\)", TEXT, flags=re.DOTALL)
    families = re.findall(r"`(\w+)`", said)
    assert families == ["m5d", "g4dn", "g5", "p5", "trn", "dl1"]
    names = [{"trn": "trn1"}.get(family, family) for family in families]
    assert not any(takes_key(f"ml.{name}.xlarge") for name in names)
