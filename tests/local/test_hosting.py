"""Endpoints, by boto3 against the running server."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.run_directory import processes_of
from tests.local.conftest import Account


@pytest.fixture(scope="module")
def endpoint(account: Account) -> dict[str, Any]:
    return account.serve("greeter", hello="Hello", ciao="Ciao")


def refused(call: Any, **request: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call(**request)
    return dict(raised.value.response)


def test_a_variant_can_be_asked_for_by_name(account: Account, endpoint: dict[str, Any]) -> None:
    assert endpoint["EndpointStatus"] == "InService"
    answers = [account.ask("greeter", b"1,2", TargetVariant=v) for v in ("hello", "ciao")]
    assert answers == [("hello", b"Hello text/csv 1,2"), ("ciao", b"Ciao text/csv 1,2")]


@pytest.mark.usefixtures("endpoint")
def test_without_a_target_every_variant_answers(account: Account) -> None:
    assert {account.ask("greeter", b"1")[0] for _ in range(60)} == {"hello", "ciao"}


@pytest.mark.usefixtures("endpoint")
def test_weights_can_be_changed_while_it_serves(account: Account) -> None:
    for weight, expected in ((0, {"hello"}), (1, {"hello", "ciao"})):
        account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="greeter",
            DesiredWeightsAndCapacities=[{"VariantName": "ciao", "DesiredWeight": weight}],
        )
        account.endpoint("greeter")
        assert {account.ask("greeter", b"1")[0] for _ in range(60)} == expected


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("media_type", ["application/json", "text/csv"])
def test_accept_reaches_the_container_and_its_content_type_the_caller(
    account: Account, media_type: str
) -> None:
    answer = account.runtime.invoke_endpoint(EndpointName="greeter", Body=b"1", Accept=media_type)
    assert answer["ContentType"] == media_type


@pytest.mark.usefixtures("endpoint")
def test_the_models_own_error_reaches_the_caller(account: Account) -> None:
    for status, side in ((400, "client"), (500, "server")):
        response = refused(
            account.runtime.invoke_endpoint, EndpointName="greeter", Body=str(status).encode()
        )
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
        assert response["Error"]["Code"] == "ModelError"
        assert response["OriginalStatusCode"] == status
        assert response["OriginalMessage"] == "column Species is missing"
        assert ":log-group:/aws/sagemaker/Endpoints/greeter:" in response["LogStreamArn"]
        assert f"Received {side} error ({status}) from primary" in response["Error"]["Message"]


@pytest.mark.usefixtures("endpoint")
def test_a_body_may_have_6291456_bytes_and_not_one_more(account: Account) -> None:
    _, answer = account.ask("greeter", b"x" * 6_291_456)
    assert len(answer) > 6_291_456
    response = refused(
        account.runtime.invoke_endpoint, EndpointName="greeter", Body=b"x" * 6_291_457
    )
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 413


@pytest.mark.usefixtures("endpoint")
def test_an_unknown_variant_or_endpoint_is_a_validation_error(account: Account) -> None:
    invoke = account.runtime.invoke_endpoint
    for request, message in (
        ({"EndpointName": "greeter", "TargetVariant": "hi"}, "Variant hi does not exist"),
        ({"EndpointName": "nobody"}, "Endpoint nobody of account 000000000000 not found."),
    ):
        error = refused(invoke, Body=b"1", **request)["Error"]
        assert (error["Code"], message in error["Message"]) == ("ValidationError", True)


def test_an_update_takes_over_without_cutting_a_request(account: Account) -> None:
    account.serve("green", old="Old")
    account.configure("green-2", new="New")
    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(account.ask, "green", b"slow") for _ in range(3)]
        account.until_logged("/aws/sagemaker/Endpoints/green", "old", *["slow"] * 3)
        account.sagemaker.update_endpoint(EndpointName="green", EndpointConfigName="green-2")
        while account.sagemaker.describe_endpoint(EndpointName="green")["EndpointStatus"] != (
            "InService"
        ):
            assert account.ask("green", b"1")[1].startswith((b"Old", b"New"))
        assert account.ask("green", b"1") == ("new", b"New text/csv 1")
        assert [future.result() for future in slow] == [("old", b"Old text/csv slow")] * 3
    assert account.endpoint("green")["EndpointConfigName"] == "green-2"


def test_an_update_of_weights_alone_restarts_nothing(account: Account) -> None:
    account.serve("shares", hello="Hello", ciao="Ciao")
    started = hosts(account, "shares")
    reconfigure(account, "shares", "shares-2", ciao={"InitialVariantWeight": 3})
    account.sagemaker.update_endpoint(EndpointName="shares", EndpointConfigName="shares-2")
    endpoint = account.endpoint("shares")
    assert endpoint["EndpointConfigName"] == "shares-2"
    assert [each["CurrentWeight"] for each in endpoint["ProductionVariants"]] == [1, 3]
    answers = [account.ask("shares", b"1", TargetVariant=v) for v in ("hello", "ciao")]
    assert answers == [("hello", b"Hello text/csv 1"), ("ciao", b"Ciao text/csv 1")]
    assert hosts(account, "shares") == started


def test_an_update_restarts_only_what_it_changes(account: Account) -> None:
    account.serve("half", hello="Hello", ciao="Ciao")
    started = hosts(account, "half")
    reconfigure(account, "half", "half-2", ciao={"InstanceType": "ml.m5.large"})
    account.sagemaker.update_endpoint(EndpointName="half", EndpointConfigName="half-2")
    account.endpoint("half")
    (new,) = hosts(account, "half") - started
    assert new.startswith("ciao/")
    assert account.ask("half", b"1", TargetVariant="ciao") == ("ciao", b"Ciao text/csv 1")


def test_an_update_that_fails_leaves_what_it_shares_running(account: Account) -> None:
    account.serve("shared", hello="Hello", ciao="Ciao")
    account.configure("shared-2", ciao="health=exit")
    reconfigure(account, "shared", "shared-3", ciao={"ModelName": "shared-2-ciao"})
    account.sagemaker.update_endpoint(EndpointName="shared", EndpointConfigName="shared-3")
    assert account.endpoint("shared")["EndpointConfigName"] == "shared"
    answers = [account.ask("shared", b"1", TargetVariant=v)[1] for v in ("hello", "ciao")]
    assert answers == [b"Hello text/csv 1", b"Ciao text/csv 1"]


def hosts(account: Account, endpoint: str) -> set[str]:
    """The log streams of an endpoint: one for each time that a model server was started."""
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    streams = account.logs.describe_log_streams(logGroupName=group)["logStreams"]
    return {stream["logStreamName"] for stream in streams}


def reconfigure(account: Account, old: str, new: str, **changes: dict[str, Any]) -> None:
    """Make an endpoint configuration like another one but for changes of its variants."""
    config = account.sagemaker.describe_endpoint_config(EndpointConfigName=old)
    account.sagemaker.create_endpoint_config(
        EndpointConfigName=new,
        ProductionVariants=[
            {**variant, **changes.get(variant["VariantName"], {})}
            for variant in config["ProductionVariants"]
        ],
    )


def test_an_update_that_fails_goes_on_in_service_on_its_old_configuration(
    account: Account,
) -> None:
    account.serve("steady", old="Old")
    account.configure("steady-2", new="health=exit")
    account.sagemaker.update_endpoint(EndpointName="steady", EndpointConfigName="steady-2")
    endpoint = account.endpoint("steady")
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == "steady"
    assert "production variant new ended with exit code 3" in endpoint["FailureReason"]
    assert account.ask("steady", b"1") == ("old", b"Old text/csv 1")


def test_an_endpoint_whose_container_gives_up_fails_with_the_reason(account: Account) -> None:
    endpoint = account.serve("hopeless", only="health=exit")
    assert endpoint["EndpointStatus"] == "Failed"
    assert "ended with exit code 3" in endpoint["FailureReason"]
    assert account.log("/aws/sagemaker/Endpoints/hopeless") == ["no model: giving up"]
    account.sagemaker.delete_endpoint(EndpointName="hopeless")


def test_a_deleted_endpoint_leaves_no_process(account: Account) -> None:
    account.serve("brief", only="Hello")
    run = account.aws.state.resolve() / f"run-{account.aws.pid}"
    before = len(processes_of(run))
    account.sagemaker.delete_endpoint(EndpointName="brief")
    with pytest.raises(ClientError, match="Could not find endpoint"):
        account.endpoint("brief")
    assert len(processes_of(run)) < before
    assert not list((run / "containers").glob("brief-*"))


def test_a_model_of_data_that_is_not_there_is_refused(account: Account) -> None:
    error = refused(
        account.sagemaker.create_model,
        ModelName="nothing",
        ExecutionRoleArn=account.role,
        PrimaryContainer={
            "Image": "000000000000.dkr.ecr.us-east-1.amazonaws.com/greeter:1",
            "ModelDataUrl": "s3://iris/nothing.tar.gz",
        },
    )["Error"]
    assert error["Message"] == "Could not find model data at s3://iris/nothing.tar.gz."


def test_what_does_not_exist_is_reported_as_aws_reports_it(account: Account) -> None:
    arn = "arn:aws:sagemaker:us-east-1:000000000000"
    for call, request, message in (
        ("describe_endpoint", {"EndpointName": "x"}, f'endpoint "{arn}:endpoint/x"'),
        ("delete_model", {"ModelName": "x"}, f'model "{arn}:model/x"'),
        (
            "describe_endpoint_config",
            {"EndpointConfigName": "x"},
            f'endpoint configuration "{arn}:endpoint-config/x"',
        ),
    ):
        error = refused(getattr(account.sagemaker, call), **request)["Error"]
        assert error == {"Code": "ValidationException", "Message": f"Could not find {message}."}


def test_a_name_can_be_used_once(account: Account, endpoint: dict[str, Any]) -> None:
    error = refused(
        account.sagemaker.create_endpoint, EndpointName="greeter", EndpointConfigName="greeter"
    )["Error"]
    assert error["Message"] == (
        f'Cannot create already existing endpoint "{endpoint["EndpointArn"]}".'
    )
