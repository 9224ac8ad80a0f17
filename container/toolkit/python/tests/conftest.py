"""Runs with Debian's Python and packages, as the programs do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# any folder with a link to the toolkit will do
sys.path.insert(0, str(Path(__file__).parents[3] / "sklearn"))

from toolkit.artifact import Model
from toolkit.paths import Paths
from toolkit.tests.examples import fitted


@pytest.fixture(scope="session")
def lengths() -> Model:
    """Predicts sepal lengths."""
    return fitted(target="Sepal.Length")


@pytest.fixture(scope="session")
def species() -> Model:
    """Predicts species, and says how probable each is."""
    return fitted(target="Species", probabilities="true")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A base folder that is not there yet."""
    return Paths(tmp_path / "ml")
