"""The lines that docs/serving.md has, and those that iris-mars.toml has behind a #, are valid."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from workloads.schema import Project, Workload

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "serving.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
INLINE = re.findall(
    r"`((?:steps|autoscaling) = [^`]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.S)
)
IRIS = (ROOT / "workloads" / "iris-mars.toml").read_text()


def load(document: dict[str, Any]) -> Workload:
    context = Project(ROOT, ROOT / "workloads" / "iris-mars.toml")
    return Workload.model_validate(document, context=context)


def merged(lines: dict[str, Any]) -> dict[str, Any]:
    """The workload of the irises, with some tables in the place of its own."""
    document = tomllib.loads(IRIS)
    document["variants"] = [{"name": "mars", "model": "mars", "instance_type": "ml.m5.large"}]
    return document | lines


@pytest.mark.parametrize("at", range(len(BLOCKS)))
def test_the_lines_of_the_page_are_valid(at: int) -> None:
    lines = tomllib.loads(BLOCKS[at])
    document = merged(lines)
    shadow = lines.get("shadow_variant", {})
    if "model" in shadow:
        document["models"][shadow["model"]] = document["models"]["mars"]
    for variant in document["variants"]:
        variant["model"] = "mars"
    load(document)


@pytest.mark.parametrize("line", INLINE)
def test_a_line_of_the_page_is_valid(line: str) -> None:
    variant = tomllib.loads(line)
    if "steps" in variant:
        variant = {"instance_type": "ml.m5.large", "autoscaling": {"max_capacity": 4, **variant}}
    else:
        variant["serverless"] = {"provisioned_concurrency": 1}
    load(merged({"variants": [{"name": "mars", **variant}]}))


def test_every_way_to_serve_has_lines() -> None:
    assert len(BLOCKS) == 7
    assert len(INLINE) == 2


def uncommented(*keys: str) -> dict[str, Any]:
    """The workload with the lines of those keys or tables no longer behind a #."""
    text = IRIS
    for key in keys:
        text, found = re.subn(rf"^# (?={re.escape(key)})", "", text, flags=re.MULTILINE)
        assert found == 1, key
    return tomllib.loads(text)


def test_what_is_commented_out_is_valid() -> None:
    document = uncommented(
        *("[deployment]", "strategy", "step_percent", "[data_capture]"),
        *("[shadow_variant]", 'name = "next"', "startup_timeout"),
    )
    workload = load(document)
    assert workload.deployment is not None
    assert workload.data_capture is not None
    assert workload.shadow_variant is not None


def test_the_kinds_that_are_commented_out_are_valid() -> None:
    scaled = uncommented("autoscaling")
    scaled["variants"][0]["instance_type"] = "ml.m5.large"
    assert load(scaled).variants[0].autoscaling is not None
    serverless = uncommented("serverless")
    for key in ("instance_type", "instance_count"):
        del serverless["variants"][0][key]
    assert load(serverless).variants[0].serverless is not None
