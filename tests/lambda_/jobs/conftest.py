from collections.abc import Iterator

import pytest

from .fake_aws import FakeAws
from .job_events import ALL_KINDS


@pytest.fixture(scope="session")
def _account() -> FakeAws:
    return FakeAws()


@pytest.fixture
def aws(_account: FakeAws) -> Iterator[FakeAws]:
    yield _account
    _account.reset()


@pytest.fixture(params=ALL_KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of job, in the API's words."""
    return str(request.param)
