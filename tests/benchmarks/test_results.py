from __future__ import annotations

import io
import json
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from benchmarks import results
from benchmarks.__main__ import main
from benchmarks.measurements import Findings, Measurement, at_least, at_most
from benchmarks.results import (
    SectionResult,
    figure,
    print_results,
    read_results,
    write_results,
)
from benchmarks.sections import Section, all_sections

MACHINE = "a machine"
FAST = Measurement("1 row", "/s", [700, 900, 800], [10, 10, 8], at_least(70))
SLOW = Measurement("stop", "s", [0.6, 0.4, 0.7], limit=at_most(0.5))
TOLD = Measurement("size", "MB", [188.2])


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(results, "KEPT", tmp_path / "results.json")
    monkeypatch.setattr(results, "WRITTEN", tmp_path / "RESULTS.md")
    return tmp_path


def section(name: str) -> Section:
    return Section(name, "Another title", "Another way.", 3, lambda *_: Findings([]))


def result(*measurements: Measurement, notes: str = "") -> SectionResult:
    found = Findings(measurements, notes)
    return SectionResult("Title", "How it was done.", found, "2026-01-02", "abc", 0.25)


def test_a_ratio_is_of_one_round_and_the_limit_of_their_median() -> None:
    assert FAST.ratios == [70, 90, 100]
    assert FAST.met is True
    assert Measurement("", "", [69, 71, 68], [1, 1, 1], at_least(70)).met is False


def test_without_a_peer_the_limit_is_of_our_own_figure() -> None:
    assert SLOW.ratios == []
    assert SLOW.met is False
    assert TOLD.met is None


def test_rounds_without_their_peer_are_refused() -> None:
    with pytest.raises(ValueError, match="stop: 2 rounds, the peer 1"):
        Measurement("stop", "s", [1, 2], [1])
    with pytest.raises(ValueError, match="0 rounds"):
        Measurement("stop", "s", [])


def test_figures_have_three_digits_that_mean_something() -> None:
    values = (0, 0.00001234, 0.01234, 1.234, 12.34, 99.96, 123.4, 12345.6)
    assert [figure(value) for value in values] == [
        *("0", "0.0000", "0.0123", "1.23", "12.3", "100", "123", "12,346")
    ]


def test_the_report_has_every_figure_its_limit_and_whether_it_is_met(folder: Path) -> None:
    write_results(MACHINE, [section("one")], {"one": result(FAST, SLOW, TOLD, notes="More.")})
    report = (folder / "RESULTS.md").read_text()
    for line in (
        "| 1 row | 800 /s | 10 /s | 90 x | 70 to 100 | at least 70 x | yes |",
        "| stop | 0.6 s |  |  | 0.4 to 0.7 | at most 0.5 | no |",
        "| size | 188 MB |  |  |  |  |  |",
        "| **Title** | | | | | | |",
        "## Title",
        "How it was done.",
        "More.",
        "*2026-01-02, commit abc, up to 3 rounds; load before it 0.2.*",
    ):
        assert line in report.splitlines()
    assert MACHINE in report


def test_a_section_measured_again_leaves_the_others_as_they_were() -> None:
    sections = [section("one"), section("two")]
    write_results(MACHINE, sections, {"one": result(FAST), "two": result(SLOW)})
    kept = read_results(MACHINE)
    write_results(MACHINE, sections, {**kept, "two": result(TOLD)})
    again = read_results(MACHINE)
    assert again["one"].findings.measurements[0].to_json() == FAST.to_json()
    assert again["two"].findings.measurements[0].to_json() == TOLD.to_json()


def test_figures_of_two_machines_are_never_in_one_table() -> None:
    write_results(MACHINE, [section("one")], {"one": result(FAST)})
    assert read_results("another machine") == {}


def test_the_table_is_whole_on_a_narrow_terminal() -> None:
    console = Console(width=40, file=io.StringIO())
    print_results(console, [section("one")], {"one": result(FAST)})
    printed = cast("io.StringIO", console.file).getvalue().splitlines()
    assert printed[-1].split("  ")[1] == "1 row"
    assert printed[-1].rstrip().endswith("at least 70 x  yes")


def test_words_that_are_none_are_named_with_what_is_allowed(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main(["--only", "serving-r, sinth", "--rounds", "0"]) == 2
    said = capsys.readouterr().err.splitlines()
    names = ", ".join(each.name for each in all_sections())
    assert said == [
        f"ONLY: found 'sinth', allowed: {names}",
        "ROUNDS: found '0', allowed: a whole number from 1",
    ]
    assert list(folder.iterdir()) == []


def test_what_is_kept_is_what_was_written_last() -> None:
    kept = json.loads(Path(__file__).parents[2].joinpath("benchmarks/results.json").read_text())
    written = Path(__file__).parents[2].joinpath("benchmarks/RESULTS.md").read_text()
    found = {name: results._from_json(each) for name, each in kept["sections"].items()}
    write_results(kept["machine"], all_sections(), found)
    assert results.WRITTEN.read_text() == written
    assert set(found) == {each.name for each in all_sections()}


def test_a_section_that_is_left_is_written_as_before(folder: Path) -> None:
    found = SectionResult("Title", "How.", Findings([FAST]), "2026-01-02", "abc", load=1.953)
    write_results(MACHINE, [section("one")], {"one": found})
    first = (folder / "RESULTS.md").read_text()
    write_results(MACHINE, [section("one")], read_results(MACHINE))
    assert (folder / "RESULTS.md").read_text() == first
