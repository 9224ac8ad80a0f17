import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

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


def test_exactly_the_names_that_the_code_uses_are_checked() -> None:
    sources = Path(names.__file__).parent.rglob("*.py")
    used = {name for path in sources for name in _used(ast.parse(path.read_text()))}
    assert {*names.NAMES, *names.SIGNATURES} == used


def _used(tree: ast.AST) -> Iterator[str]:
    """The names of MiniStack in a source file: what it imports, and its modules' attributes."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ministack"):
            for alias in node.names:
                if _is_module(f"{node.module}.{alias.name}"):
                    modules[alias.name] = f"{node.module}.{alias.name}"
                else:
                    yield f"{node.module}:{alias.name}"
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules:
                yield f"{modules[module]}:{name}"


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is a module, not a package
        return False
