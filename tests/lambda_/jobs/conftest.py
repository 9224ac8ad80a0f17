from collections.abc import Iterator

import pytest

from .fake_aws import FakeAws


@pytest.fixture(scope="session")
def _account() -> FakeAws:
    return FakeAws()


@pytest.fixture
def aws(_account: FakeAws) -> Iterator[FakeAws]:
    yield _account
    _account.reset()
