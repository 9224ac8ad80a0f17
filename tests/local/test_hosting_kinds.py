"""Shadow variants and serverless ones, and a server that dies, against the running server."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.sagemaker.hosting.shadows import WAITING, WORKERS
from tests.local.conftest import Account, settled
from tests.local.test_hosting import refused
from tests.local.test_metrics import sums


def variant(name: str, model: str, **more: Any) -> dict[str, Any]:
    return {"VariantName": name, "ModelName": model, **more}


def of_instances(name: str, model: str, **more: Any) -> dict[str, Any]:
    instances = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    return variant(name, model, **instances, **more)


def shadowed(account: Account, name: str, greeting: str, weight: float) -> dict[str, Any]:
    """An endpoint whose variant answers Hello, with a shadow."""
    account.configure(f"{name}-models", hello="Hello", other=greeting)
    account.sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[of_instances("hello", f"{name}-models-hello")],
        ShadowProductionVariants=[
            of_instances("other", f"{name}-models-other", InitialVariantWeight=weight)
        ],
    )
    account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return account.endpoint(name)


def test_a_shadow_gets_every_request_and_nobody_sees_its_errors(account: Account) -> None:
    endpoint = shadowed(account, "spied", "fails", weight=1)
    assert [each["VariantName"] for each in endpoint["ProductionVariants"]] == ["hello"]
    (shadow,) = endpoint["ShadowProductionVariants"]
    assert (shadow["VariantName"], shadow["CurrentWeight"]) == ("other", 1)
    assert {account.ask("spied", b"1") for _ in range(20)} == {("hello", b"Hello text/csv 1")}
    found = settled(
        lambda: sums(account, "spied", "other"), lambda found: found.get("Invocations") == 20
    )
    assert found["Invocation5XXErrors"] == 20
    assert sums(account, "spied", "hello")["Invocation5XXErrors"] == 0
    error = refused(
        account.runtime.invoke_endpoint, EndpointName="spied", Body=b"1", TargetVariant="other"
    )["Error"]
    assert "Variant other does not exist" in error["Message"]


def test_a_shadow_gets_its_part_of_the_requests(account: Account) -> None:
    shadowed(account, "sampled", "Ciao", weight=0.25)
    for _ in range(200):
        account.ask("sampled", b"1")
    settled(lambda: sums(account, "sampled", "hello"), lambda f: f.get("Invocations") == 200)
    settled(
        lambda: sums(account, "sampled", "other"),
        lambda found: found.get("Invocations", 0) > 200 * 0.25 - 4 * 6.2,
    )
    time.sleep(1.5)  # in which more would be published
    assert sums(account, "sampled", "other")["Invocations"] < 200 * 0.25 + 4 * 6.2


def test_a_shadow_that_is_slow_makes_nobody_wait(account: Account, tmp_path: Path) -> None:
    told = tmp_path / "told"
    shadowed(account, "unhurried", f"after={told}", weight=1)
    # its workers are busy with the first ones, and then no more may wait for them
    for _ in range(2 * (WORKERS + WAITING)):
        assert account.ask("unhurried", b"1") == ("hello", b"Hello text/csv 1")
    assert "Invocations" not in sums(account, "unhurried", "other")
    told.touch()
    settled(
        lambda: sums(account, "unhurried", "other"),
        lambda found: found.get("Invocations", 0) >= WORKERS + WAITING,
    )


@pytest.fixture(scope="module")
def serverless(account: Account) -> dict[str, Any]:
    account.configure("cloud-models", v="Hello")
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 2}
    account.sagemaker.create_endpoint_config(
        EndpointConfigName="cloud",
        ProductionVariants=[variant("v", "cloud-models-v", ServerlessConfig=config)],
    )
    account.sagemaker.create_endpoint(EndpointName="cloud", EndpointConfigName="cloud")
    return account.endpoint("cloud")


def test_a_serverless_endpoint_answers_and_has_no_instances(
    account: Account, serverless: dict[str, Any]
) -> None:
    (found,) = serverless["ProductionVariants"]
    assert found["CurrentServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 2}
    assert not [member for member in found if "InstanceCount" in member]
    assert account.ask("cloud", b"1") == ("v", b"Hello text/csv 1")


@pytest.mark.usefixtures("serverless")
def test_what_is_beyond_its_concurrency_is_refused_with_429(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # boto3 would ask again until it is answered
    runtime = account.aws.client("sagemaker-runtime")
    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(account.ask, "cloud", b"slow") for _ in range(2)]
        account.until_logged("/aws/sagemaker/Endpoints/cloud", "v", "slow", "slow")
        response = refused(runtime.invoke_endpoint, EndpointName="cloud", Body=b"1")
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert response["Error"]["Code"] == "ThrottlingException"
        assert [future.result()[0] for future in slow] == ["v", "v"]
    assert account.ask("cloud", b"1")[0] == "v"


@pytest.mark.usefixtures("serverless")
def test_a_serverless_endpoint_takes_4_mb_and_not_one_byte_more(account: Account) -> None:
    _, answer = account.ask("cloud", b"x" * 4 * 1024 * 1024)
    assert len(answer) > 4 * 1024 * 1024
    response = refused(
        account.runtime.invoke_endpoint, EndpointName="cloud", Body=b"x" * (4 * 1024 * 1024 + 1)
    )
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 413


@pytest.mark.usefixtures("serverless")
def test_the_concurrency_of_a_serverless_variant_can_be_changed(account: Account) -> None:
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="cloud",
        DesiredWeightsAndCapacities=[
            {"VariantName": "v", "ServerlessUpdateConfig": {"ProvisionedConcurrency": 1}}
        ],
    )
    (found,) = account.endpoint("cloud")["ProductionVariants"]
    assert found["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 1
    error = refused(
        account.sagemaker.update_endpoint_weights_and_capacities,
        EndpointName="cloud",
        DesiredWeightsAndCapacities=[{"VariantName": "v", "DesiredInstanceCount": 2}],
    )["Error"]
    assert "is serverless, and takes no DesiredInstanceCount" in error["Message"]


def test_a_server_that_dies_is_started_again(account: Account) -> None:
    account.serve("mortal", v="Hello")
    response = refused(account.runtime.invoke_endpoint, EndpointName="mortal", Body=b"die")
    assert response["Error"]["Code"] == "ModelError"
    assert response["OriginalStatusCode"] == 0

    def answers() -> dict[str, Any]:
        try:
            return {"answer": account.ask("mortal", b"1")[1]}
        except account.runtime.exceptions.ModelError:
            return {}

    assert settled(answers, bool) == {"answer": b"Hello text/csv 1"}
    assert account.endpoint("mortal")["EndpointStatus"] == "InService"
    account.until_logged("/aws/sagemaker/Endpoints/mortal", "v", *["serving True"] * 2)
    account.sagemaker.delete_endpoint(EndpointName="mortal")
