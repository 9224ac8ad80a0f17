import pytest

from proxy.settings import Settings


def test_the_environment_is_read_as_a_type() -> None:
    environ = {"CATALOG_PATH": "/sagestack/workloads/", "CATALOG_TTL_SECONDS": "5"}
    assert Settings.from_environ(environ) == Settings("/sagestack/workloads", 5.0)


def test_the_catalog_lives_for_half_a_minute_by_default() -> None:
    assert Settings.from_environ({"CATALOG_PATH": "/"}).catalog_ttl_seconds == 30


def test_a_missing_path_is_an_error() -> None:
    with pytest.raises(KeyError, match="CATALOG_PATH"):
        Settings.from_environ({})
