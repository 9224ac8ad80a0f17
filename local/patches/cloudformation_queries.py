"""What cfn-init asks CloudFormation: the metadata of a resource in the making, in JSON.

MiniStack knows a resource's metadata only when its stack is complete, and answers each request of
the query protocol in XML, also where ContentType=JSON asks for JSON.
"""

import json
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from ministack import app
from ministack.services.cloudformation import engine, handlers


def apply() -> None:
    """Look into the template that is being deployed; translate the XML for those who ask."""
    metadata_xml = handlers._resource_metadata_xml
    handle_request = app.SERVICE_HANDLERS["cloudformation"]

    def metadata(stack: dict[str, Any], logical_id: str) -> str:
        if stack["StackStatus"].endswith("_IN_PROGRESS") and stack.get("_template_body"):
            stack = {**stack, "_template": engine._parse_template(stack["_template_body"])}
        described: str = metadata_xml(stack, logical_id)
        return described

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Any:
        answered = await handle_request(method, path, headers, body, query_params)
        if "JSON" not in query_params.get("ContentType", []):
            return answered
        status, answer_headers, xml = answered
        return status, {**answer_headers, "Content-Type": "application/json"}, translated(xml)

    handlers._resource_metadata_xml = metadata
    app.SERVICE_HANDLERS["cloudformation"] = handle


def translated(xml: bytes) -> bytes:
    """Return an answer of the query protocol in JSON; an error without its envelope."""
    root = ET.fromstring(xml)  # noqa: S314 - what MiniStack wrote itself
    name = _local(root)
    return json.dumps(_value(root) if name == "ErrorResponse" else {name: _value(root)}).encode()


def _value(element: ET.Element) -> Any:
    children = list(element)
    if not children:
        text = element.text or ""
        return _seconds(text) if _local(element).endswith("Timestamp") else text
    if all(_local(child) == "member" for child in children):
        return [_value(child) for child in children]
    return {_local(child): _value(child) for child in children}


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
