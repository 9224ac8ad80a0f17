from pathlib import Path

import pytest

from tests.settings.project import SettingsProject


@pytest.fixture
def project(tmp_path: Path) -> SettingsProject:
    return SettingsProject(tmp_path)


@pytest.fixture
def quakes(project: SettingsProject) -> SettingsProject:
    """The project with the data of a workload of SageMaker's XGBoost, QUAKES."""
    project.write("workloads/data/train.csv", "41,4.8,562\n15,4.2,\n")
    return project
