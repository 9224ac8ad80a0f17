"""The picture of times in docs/: every value is in it, or said to be beyond it."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.histogram import BARS, HEIGHT, WIDTH, histogram

SVG = "{http://www.w3.org/2000/svg}"


def bars(svg: str) -> list[dict[str, float]]:
    rects = ElementTree.fromstring(svg).findall(f"{SVG}rect")[1:]  # the first is the paper
    return [{k: float(v) for k, v in rect.attrib.items() if k != "fill"} for rect in rects]


@example([0.0, 0.0])
@example([5e-324, 5e-324])
@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=2, max_size=500))
def test_any_values_make_a_picture_within_its_frame(values: list[float]) -> None:
    drawn = bars(histogram(values, title="a < b & c", unit="ms"))
    assert 1 <= len(drawn) <= BARS
    assert all(each["x"] >= 0 and each["x"] + each["width"] <= WIDTH for each in drawn)
    assert all(each["y"] >= 0 and each["y"] + each["height"] <= HEIGHT for each in drawn)


def test_bars_are_as_high_as_their_values_are_many() -> None:
    heights = [each["height"] for each in bars(histogram([1] * 300 + [9] * 100, title="", unit=""))]
    assert heights[0] == pytest.approx(3 * heights[1], abs=0.2)


def test_what_is_beyond_the_picture_is_said() -> None:
    svg = histogram([10.0] * 999 + [5_000.0], title="", unit="ms")
    assert "1 above, the slowest 5,000 ms" in svg
    assert re.findall(r">(median [^<]*|99 % [^<]*)<", svg) == ["median 10 ms", "99 % 10 ms"]


def test_a_picture_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="found 1 values; a histogram takes at least 2"):
        histogram([1.0], title="", unit="ms")
