"""Answers: one form for the client, whichever variant has answered, and in however many parts.

Containers write JSON, a line of CSV for each row, or as SageMaker's XGBoost does, which answers CSV
whatever is asked, one line with commas between the predictions of several rows: `1.5,2.5`, and
`[0.25, 0.75]` for one of several numbers. Numbers keep the digits that the model wrote.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from proxy.errors import UnsupportedAnswerError
from proxy.media import JSON, MediaType
from proxy.problems import Number, shown


class Answer(NamedTuple):
    """What the container said to some rows."""

    body: bytes
    content_type: str
    rows: int


def rendered(asked: str, answers: Sequence[Answer], told: Mapping[str, str]) -> bytes:
    """Join the answers in their order, as JSON or CSV; JSON has what is `told` beside them.

    Raises UnsupportedAnswerError for what is neither text nor JSON, or cannot be joined.
    """
    return _as_json(answers, told) if asked == JSON else _as_csv(answers)


def _as_json(answers: Sequence[Answer], told: Mapping[str, str]) -> bytes:
    if len(answers) == 1 and _is_json(answers[0]):
        text = _text(answers[0]).strip()
        found = _parsed(text)
        if _has_predictions(found) and told.keys().isdisjoint(found):
            # the model's own text, and ours before its last brace
            return f"{text[:-1]},{json.dumps(told, separators=(',', ':'))[1:]}".encode()
    members = _joined([_members(answer) for answer in answers], [each.rows for each in answers])
    return _spelled(members | dict(told)).encode()


def _as_csv(answers: Sequence[Answer]) -> bytes:
    texts = [_lines(answer) for answer in answers]
    first = texts[0].split("\n", 1)[0] + "\n"
    lines = sum(text.count("\n") for text in texts)
    a_line_each = lines == sum(answer.rows for answer in answers)
    if not a_line_each and all(text.startswith(first) for text in texts):  # names, for once
        texts[1:] = [text.removeprefix(first) for text in texts[1:]]
    return "".join(texts).encode()


def _joined(parts: Sequence[dict[str, Any]], rows: Sequence[int]) -> dict[str, Any]:
    """Join members with an item for each row; all others have to be the same in each part."""
    first, *others = parts
    if not others:
        return first
    joined = {}
    for name, value in first.items():
        values = [part.get(name) for part in parts]
        by_row = all(
            isinstance(each, list) and len(each) == number
            for each, number in zip(values, rows, strict=True)
        )
        if by_row or name == "predictions":
            joined[name] = [item for each in values for item in each or ()]
        elif all(each == value for each in values):
            joined[name] = value
        else:
            raise UnsupportedAnswerError(
                f"the model's answers to {len(parts)} parts of the body cannot be joined, as they "
                f"differ in {shown(name)}: send fewer rows"
            )
    return joined


def _members(answer: Answer) -> dict[str, Any]:
    """Return the model's own members, of which one is the list `predictions`."""
    text = _text(answer)
    if not _is_json(answer):
        return {"predictions": _predictions(text, answer.rows)}
    found = _parsed(text)
    if _has_predictions(found):
        return dict(found)
    return {"predictions": found if isinstance(found, list) else [found]}


def _lines(answer: Answer) -> str:
    """Return CSV with a line for each row, or what the model wrote in the place of it."""
    text = _text(answer)
    if _is_json(answer):
        rows = _members(answer)["predictions"]
    else:
        plain = text.rstrip("\r\n")
        several = answer.rows > 1 or plain.startswith("[")
        if "\n" in plain or not several:  # one for each row already, with its digits
            return "\n".join(_split(plain)) + "\n"
        rows = _predictions(text, answer.rows)
        if len(rows) != answer.rows:
            return f"{plain}\n"
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for row in rows:
        writer.writerow(map(_cell, row if isinstance(row, list) else [row]))
    return lines.getvalue()


def _predictions(text: str, rows: int) -> list[Any]:
    """Read a prediction for each row, or a list of several; else an item for each line."""
    lines = [_cells(line) for line in _split(text.rstrip("\r\n"))]
    if len(lines) == 1 and len(lines[0]) == rows:
        return lines[0]
    return [cells[0] if len(cells) == 1 else cells for cells in lines]


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _cells(line: str) -> list[Any]:
    try:
        return list(_parsed_numbers(f"[{line}]"))
    except (ValueError, RecursionError):
        return [_number_or_text(cell) for row in csv.reader([line]) for cell in row] or [""]


def _number_or_text(cell: str) -> Any:
    try:
        value = _parsed_numbers(cell)
    except (ValueError, RecursionError):
        return cell
    return value if isinstance(value, Number) else cell


def _parsed(text: str) -> Any:
    try:
        return _parsed_numbers(text)
    except (ValueError, RecursionError) as error:
        raise UnsupportedAnswerError("the model answers what it calls JSON and is none") from error


def _parsed_numbers(text: str) -> Any:
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=_reject)


def _has_predictions(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("predictions"), list)


def _is_json(answer: Answer) -> bool:
    return MediaType.parse(answer.content_type).name == JSON


def _text(answer: Answer) -> str:
    try:
        text = answer.body.decode()
    except UnicodeDecodeError as error:
        raise UnsupportedAnswerError(
            f"the model answers {answer.content_type} that is not UTF-8: the API passes on text "
            "and JSON"
        ) from error
    if not text.strip():
        raise UnsupportedAnswerError("the model answers nothing")
    return text


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
    return _spelled(value)


def _spelled(value: Any) -> str:
    """Write JSON, the numbers with the digits that they came with."""
    match value:
        case Number():
            return value
        case list():
            return f"[{','.join(map(_spelled, value))}]"
        case dict():
            members = (f"{_spelled(str(name))}:{_spelled(each)}" for name, each in value.items())
            return f"{{{','.join(members)}}}"
    return json.dumps(value, ensure_ascii=False)


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
