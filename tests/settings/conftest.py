from pathlib import Path

import pytest

from tests.settings.project import SettingsProject


@pytest.fixture
def project(tmp_path: Path) -> SettingsProject:
    return SettingsProject(tmp_path)
