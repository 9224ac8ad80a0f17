"""What tests of several folders share."""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from local.session import EmbeddedAWS
from tests.container.docker_runner import docker_problem
from tests.container.kit import selection_problem, workloads
from workloads.loading import SettingsError

# a deadline measures the machine, which may be busy, and not what an example is about
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--workload",
        metavar="NAME",
        help="run the contract kit alone, for the containers of workloads/NAME.toml, on its data",
    )


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Refuse a --workload that there is nothing to test for: in a sentence, not in a report."""
    if (name := config.getoption("--workload")) is None:
        return None
    try:
        problem = selection_problem(name, workloads())
    except SettingsError as error:
        problem = str(error), 2
    if problem is None:
        return None
    text, code = problem
    print(text, file=sys.stderr)
    return code


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """Skip, saying why, where no Docker engine is to be used; fail where one was promised."""
    if problem := docker_problem():
        if os.environ.get("SAGESTACK_REQUIRE_DOCKER") == "1":
            pytest.fail(f"SAGESTACK_REQUIRE_DOCKER=1, but {problem}")
        pytest.skip(problem)


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAWS]:
    """An embedded AWS that runs containers natively, one for all tests of a session."""
    state = tmp_path_factory.mktemp("embedded-aws")
    with EmbeddedAWS(state, settings={"SAGESTACK_RUNNER": "process"}) as aws:
        yield aws
