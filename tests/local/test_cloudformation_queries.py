"""CloudFormation's helper scripts get the JSON that they ask for."""

import json

from local.patches.cloudformation_queries import translated

DETAIL = b"""<DescribeStackResourceResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStackResourceResult><StackResourceDetail><LogicalResourceId>Host</LogicalResourceId>
<ResourceStatusReason/><Metadata>{"a": "&lt;1&gt;"}</Metadata>
<LastUpdatedTimestamp>2026-11-21T10:00:00Z</LastUpdatedTimestamp></StackResourceDetail>
</DescribeStackResourceResult></DescribeStackResourceResponse>"""
ERROR = b"""<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error>
<Type>Sender</Type><Code>ValidationError</Code><Message>no</Message></Error></ErrorResponse>"""


def test_a_resource_is_told_with_its_metadata_and_a_time_in_seconds() -> None:
    answer = json.loads(translated(DETAIL))
    result = answer["DescribeStackResourceResponse"]["DescribeStackResourceResult"]
    assert result["StackResourceDetail"] == {
        "LogicalResourceId": "Host",
        "ResourceStatusReason": "",
        "Metadata": '{"a": "<1>"}',
        "LastUpdatedTimestamp": 1795255200.0,
    }


def test_an_error_is_told_by_its_code() -> None:
    error = {"Type": "Sender", "Code": "ValidationError", "Message": "no"}
    assert json.loads(translated(ERROR)) == {"Error": error}


def test_members_are_a_list() -> None:
    listed = b"<R><Capabilities><member>A</member><member>B</member></Capabilities></R>"
    assert json.loads(translated(listed)) == {"R": {"Capabilities": ["A", "B"]}}
