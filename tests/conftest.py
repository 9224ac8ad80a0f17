"""What tests of several folders share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from local.session import EmbeddedAWS
from tests.container.runners import docker_problem

# a deadline measures the machine, which may be busy, and not what an example is about
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """Skip, saying why, where no Docker engine answers; fail where the caller promised one."""
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
