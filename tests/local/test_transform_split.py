"""Splitting and assembling: nothing is lost, cut or too large."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sagemaker.transform.split import RecordTooLargeError, assemble, batches, split

STRATEGIES = st.sampled_from(["MultiRecord", "SingleRecord"])
DATA = st.lists(st.sampled_from([b"1,2", b"\n", b"\r\n", b"\r", b'"a\nb"', b"\xff\x00", b"x" * 7]))
LIMIT = 20


@given(DATA.map(b"".join), st.sampled_from(["Line", "None"]), STRATEGIES)
def test_what_is_split_and_assembled_is_what_it_was(
    data: bytes, split_type: str, strategy: str
) -> None:
    payloads = [payload for _, payload in batches(split(data, split_type), strategy, None)]
    assert assemble(payloads, "None") == data


@given(DATA.map(b"".join), STRATEGIES)
def test_no_line_is_cut_and_every_payload_fits(data: bytes, strategy: str) -> None:
    lines = split(data, "Line")
    if max(map(len, lines), default=0) > LIMIT:
        with pytest.raises(RecordTooLargeError):
            list(batches(lines, strategy, LIMIT))
        return
    made = list(batches(lines, strategy, LIMIT))
    assert [record for records, _ in made for record in records] == lines
    for records, payload in made:
        assert payload == b"".join(records)
        assert len(payload) <= LIMIT
        assert all(record.endswith(b"\n") for record in records if record is not lines[-1])


@given(st.lists(st.integers(min_value=1, max_value=LIMIT)))
def test_a_payload_has_as_many_records_as_fit(sizes: list[int]) -> None:
    made = list(batches([b"x" * size for size in sizes], "MultiRecord", LIMIT))
    for (_, payload), (following, _) in itertools.pairwise(made):
        assert len(payload) + len(following[0]) > LIMIT


def test_a_single_record_is_a_payload_of_its_own() -> None:
    made = [payload for _, payload in batches(split(b"1\n2\n3", "Line"), "SingleRecord", None)]
    assert made == [b"1\n", b"2\n", b"3"]


def test_an_object_that_is_not_split_is_one_record() -> None:
    assert split(b"1\n2\n", "None") == [b"1\n2\n"]
    assert split(b"", "None") == split(b"", "Line") == []


def test_only_what_is_sent_has_to_fit() -> None:
    ((records, payload),) = batches([b"id," * 50], "MultiRecord", 2, lambda _record: b"1\n")
    assert (records, payload) == ([b"id," * 50], b"1\n")


def test_a_record_that_is_too_large_says_what_the_limit_is() -> None:
    with pytest.raises(
        RecordTooLargeError, match=r"a record of 2097152 bytes .* MaxPayloadInMB=1$"
    ):
        list(batches([b"x" * 2 * 1024 * 1024], "MultiRecord", 1024 * 1024))


@given(st.lists(st.text(alphabet="ab,", min_size=1), min_size=1), st.booleans())
def test_with_line_every_answer_ends_a_line_and_no_line_is_empty(
    rows: list[str], is_ended: bool
) -> None:
    answers = [f"{row}\n" if is_ended else row for row in rows]
    assert assemble([a.encode() for a in answers], "Line").decode().split("\n") == [*rows, ""]
