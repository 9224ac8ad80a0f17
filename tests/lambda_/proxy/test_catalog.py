import json

import pytest

from proxy.catalog import Catalog, Variant, Workload
from proxy.errors import CatalogError, NotFoundError
from proxy.schema import Feature

from .conftest import IRIS, Clock, Parameters


def named(name: str) -> dict[str, object]:
    return IRIS | {"name": name}


def test_an_entry_is_read_as_the_stack_writes_it() -> None:
    workload = Workload.from_json(json.dumps(IRIS))
    assert (workload.endpoint, workload.kind) == ("sagestack-iris", "instances")
    assert workload.variants == (
        Variant("mars", "mars", 3, "Model-mars-1", "s3://bucket/mars/model.tar.gz"),
        Variant("linear", "linear", 1, "Model-linear-1", "s3://bucket/linear/model.tar.gz"),
    )
    assert workload.schema.features == (
        Feature("Sepal.Width", "number"),
        Feature("Species", "category", ("setosa", "virginica")),
    )


def test_all_pages_are_read_and_sorted(catalog: Catalog, parameters: Parameters) -> None:
    parameters.hold([named("c"), named("a")], [named("b")])
    assert [workload.name for workload in catalog.workloads()] == ["a", "b", "c"]


def test_a_fresh_catalog_is_not_read_again(
    catalog: Catalog, parameters: Parameters, clock: Clock
) -> None:
    parameters.hold([IRIS])
    catalog.find("iris", "mars")
    clock.seconds += 29.9
    assert catalog.find("iris", None).endpoint == "sagestack-iris"
    assert parameters.pages_read == 1


def test_an_old_catalog_is_read_again(
    catalog: Catalog, parameters: Parameters, clock: Clock
) -> None:
    parameters.hold([IRIS])
    catalog.find("iris", None)
    clock.seconds += 30
    parameters.hold([IRIS | {"endpoint": "other"}])
    assert catalog.find("iris", None).endpoint == "other"


@pytest.mark.parametrize(("name", "variant"), [("new", None), ("iris", "new")])
def test_what_was_deployed_just_now_is_found(
    catalog: Catalog, parameters: Parameters, clock: Clock, name: str, variant: str | None
) -> None:
    parameters.hold([IRIS])
    catalog.find("iris", None)
    clock.seconds += 1
    variants = [{"name": "new", "model": "mars", "weight": 1}]
    parameters.hold([IRIS | {"variants": variants}, named("new")])
    assert catalog.find(name, variant).name == name


def test_what_does_not_exist_is_looked_up_once_a_second(
    catalog: Catalog, parameters: Parameters, clock: Clock
) -> None:
    parameters.hold([IRIS])
    for _ in range(5):
        clock.seconds += 0.1
        with pytest.raises(NotFoundError):
            catalog.find("rose", None)
    clock.seconds += 1
    parameters.hold([IRIS])
    with pytest.raises(NotFoundError, match="there is no workload rose") as caught:
        catalog.find("rose", None)
    assert caught.value.allowed == ["iris"]
    assert parameters.pages_read == 2


def test_an_unknown_variant_is_told_the_known_ones(
    catalog: Catalog, parameters: Parameters
) -> None:
    parameters.hold([IRIS])
    with pytest.raises(NotFoundError, match="iris has no variant forest") as caught:
        catalog.find("iris", "forest")
    assert caught.value.allowed == ["mars", "linear"]


def test_the_catalog_in_hand_outlives_an_outage_of_ssm(
    catalog: Catalog, parameters: Parameters, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters.hold([IRIS])
    catalog.workloads()
    clock.seconds += 30
    parameters.fail()
    assert catalog.find("iris", None)
    assert "InternalServerError" in capsys.readouterr().out
    assert catalog.find("iris", None)
    assert parameters.pages_read == 2  # not asked again at once


def test_no_catalog_at_all_is_an_error(catalog: Catalog, parameters: Parameters) -> None:
    parameters.fail()
    with pytest.raises(CatalogError, match="InternalServerError"):
        catalog.workloads()


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "broken"},
        IRIS | {"content_type": "application/x-npy"},
        IRIS | {"features": [{"name": "f", "type": "float"}]},
        IRIS | {"features": None},
        IRIS | {"kind": "magic"},
        IRIS | {"kind": "asynchronous"},
        IRIS | {"models": {}},
    ],
)
def test_a_broken_entry_is_logged_and_takes_no_other_with_it(
    catalog: Catalog,
    parameters: Parameters,
    entry: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    parameters.hold([entry, named("whole")])
    assert [workload.name for workload in catalog.workloads()] == ["whole"]
    assert json.loads(capsys.readouterr().out)["message"] == "not a workload"
