import pytest

from proxy.settings import Settings


def test_a_path_is_asked_for_without_its_last_slash() -> None:
    environ = {"CATALOG_PATH": "/sagestack/workloads/"}
    assert Settings.from_environ(environ).catalog_path == "/sagestack/workloads"


def test_callers_sign_their_requests_where_nothing_else_is_said() -> None:
    environ = {"CATALOG_PATH": "/sagestack/workloads/"}
    assert Settings.from_environ(environ).authentication == "iam"
    environ["AUTHENTICATION"] = "jwt,api_key"
    assert Settings.from_environ(environ).authentication == "jwt,api_key"


def test_a_missing_path_is_an_error() -> None:
    with pytest.raises(KeyError, match="CATALOG_PATH"):
        Settings.from_environ({})


def test_the_origins_of_pages_are_words() -> None:
    environ = {"CATALOG_PATH": "/a/", "CORS_ORIGINS": "https://a.example http://localhost:3000"}
    origins = Settings.from_environ(environ).cors_origins
    assert origins == {"https://a.example", "http://localhost:3000"}
