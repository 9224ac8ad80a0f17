"""docs/security.md names tests that exist, for each attack one."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
ATTACKS = (
    *("variant", "path traversal", "oversized", "unpacks", "formula", "header of the answer"),
    *("line of the log", "replayed", "content types", "expired credentials"),
)


def rows() -> list[tuple[str, list[str]]]:
    """Each attack of the table, with the tests that try it."""
    table = PAGE[PAGE.index("| attack |") :].split("\n\n")[0].splitlines()[2:]
    cells = [line.strip("|").split("|") for line in table]
    return [
        (attack.strip(), re.findall(r"`([^`]+\.py::\w+)`", tests)) for attack, _, tests in cells
    ]


def test_each_attack_is_tried_by_tests_that_exist() -> None:
    for attack, tests in rows():
        assert tests, f"{attack}: no test"
        for test in tests:
            path, name = test.split("::")
            tree = ast.parse((ROOT / path).read_text())
            defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert name in defined, f"{attack}: {test} does not exist"


def test_no_attack_that_was_thought_of_is_missing() -> None:
    named = " ".join(attack for attack, _ in rows())
    assert not [attack for attack in ATTACKS if attack not in named]
