import pytest

from local import names


def test_the_installed_ministack_is_the_one_that_is_patched() -> None:
    names.check()


def test_every_difference_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MINISTACK_VERSION", "9.9")
    monkeypatch.setattr(names, "NAMES", ("ministack.app:gone",))
    monkeypatch.setattr(names, "SIGNATURES", {"ministack.services.ecr:_find_image": "(name)"})
    with pytest.raises(RuntimeError) as raised:
        names.check()
    for problem in (
        "9.9 is needed",
        "ministack.app:gone does not exist",
        "_find_image is (repo_name, image_id), not (name)",
    ):
        assert problem in str(raised.value)
