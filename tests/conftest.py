"""What tests of several folders share."""

from collections.abc import Iterator

import pytest

from local.session import EmbeddedAWS


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAWS]:
    """An embedded AWS that runs containers natively, one for all tests of a session."""
    state = tmp_path_factory.mktemp("embedded-aws")
    with EmbeddedAWS(state, settings={"SAGESTACK_RUNNER": "process"}) as aws:
        yield aws
