"""The documents that list properties: whole, known to botocore, explained, with keys that exist."""

import pytest

from tests.cli.property_tables import ENDPOINTS, JOBS, PropertyTables, known_keys

DOCUMENTS = (JOBS, ENDPOINTS)
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
each_operation = pytest.mark.parametrize(
    ("document", "operation"),
    [(document, operation) for document in DOCUMENTS for operation in document.operations],
    ids=lambda value: value if isinstance(value, str) else value.name,
)


@each_operation
def test_every_property_of_a_request_is_listed(document: PropertyTables, operation: str) -> None:
    assert document.unlisted(operation) == []


@each_operation
def test_no_listed_property_is_unknown_to_botocore_or_listed_twice(
    document: PropertyTables, operation: str
) -> None:
    assert document.unknown(operation) == []


@each_document
def test_every_row_says_what_sets_its_properties_or_why_they_are_not_there(
    document: PropertyTables,
) -> None:
    assert document.unexplained() == []


@each_document
def test_every_named_key_is_one_of_the_schema(document: PropertyTables) -> None:
    assert document.named_keys() - known_keys() == set()
