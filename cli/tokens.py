"""`make token`: a token for the API, of a program or of a person, and nothing else is printed."""

import getpass
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from cli import local_aws
from cli.account import Account, session_of
from cli.problems import InputError
from environments.api import Jwt
from environments.schema import Environment

CLIENT = ("API_CLIENT_ID", "API_CLIENT_SECRET")
"""Variables of the shell that have what the issuer knows a program by: no words of a command."""


def token(
    account: Account,
    console: Console,
    *,
    environment: Environment,
    person: str = "",
    password: Callable[[str], str] = getpass.getpass,
) -> None:
    """Print a token by the client credentials grant; of the user pool's `person` by the password.

    Raises InputError where there are no tokens, or none for these credentials.
    """
    jwt = environment.api.jwt
    if jwt is None:
        raise InputError(
            'authorization: found "iam", which signs requests and has no tokens; make curl '
            "WORKLOAD=<name> prints a request that curl signs"
        )
    if not jwt.cognito and person:
        raise InputError(
            f"PERSON: found {person!r}; allowed: with cognito = true, where people sign in"
        )
    if not jwt.cognito:
        given = _of_issuer(jwt)
    else:
        outputs = account.outputs(f"{environment.name}-api")
        cognito = session_of(environment.region).client("cognito-idp")
        given = (
            _of_person(cognito, outputs["PeopleClient"], person, password)
            if person
            else _of_program(cognito, outputs, environment.name)
        )
    console.print(given, markup=False, soft_wrap=True)


def _of_issuer(jwt: Jwt) -> str:
    missing = [name for name in CLIENT if name not in os.environ]
    if missing:
        there = "what the issuer knows this client by, exported in the shell"
        raise InputError(f"{', '.join(missing)}: missing; allowed: {there}")
    base = str(jwt.issuer).rstrip("/")
    found = _asked(urllib.request.Request(f"{base}/.well-known/openid-configuration"))  # noqa: S310
    if not _is_safe(endpoint := found["token_endpoint"]):
        raise InputError(f"token_endpoint: found {endpoint!r} of {jwt.issuer}; allowed: https")
    return _granted(
        endpoint,
        client_id=os.environ["API_CLIENT_ID"],
        client_secret=os.environ["API_CLIENT_SECRET"],
        audience=jwt.audience[0],
        **({"scope": " ".join(jwt.scopes)} if jwt.scopes else {}),
    )


def _of_program(cognito: Any, outputs: Mapping[str, str], app: str) -> str:
    client = cognito.describe_user_pool_client(
        UserPoolId=outputs["UserPool"], ClientId=outputs["ProgramsClient"]
    )["UserPoolClient"]
    here = f"{os.environ['AWS_ENDPOINT_URL']}/oauth2/token" if local_aws.is_used() else ""
    return _granted(
        here or outputs["TokenUrl"],
        client_id=client["ClientId"],
        client_secret=client["ClientSecret"],
        scope=f"{app}/invoke",
    )


def _of_person(cognito: Any, client: str, person: str, password: Callable[[str], str]) -> str:
    try:
        answer = cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=client,
            AuthParameters={"USERNAME": person, "PASSWORD": password("Password: ")},
        )
        if answer.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            answer = cognito.respond_to_auth_challenge(
                ChallengeName="NEW_PASSWORD_REQUIRED",
                ClientId=client,
                Session=answer["Session"],
                ChallengeResponses={
                    "USERNAME": person,
                    "NEW_PASSWORD": password("A password of your own, instead: "),
                },
            )
    except cognito.exceptions.NotAuthorizedException as error:
        raise InputError(f"PERSON: {error.response['Error']['Message']}") from error
    if "AuthenticationResult" not in answer:
        raise InputError(
            f"PERSON: found {person!r}, of whom Cognito asks {answer['ChallengeName']}"
        )
    return str(answer["AuthenticationResult"]["AccessToken"])


def _granted(endpoint: str, **form: str) -> str:
    """Return a token by the client credentials grant (RFC 6749, 4.4)."""
    form = {"grant_type": "client_credentials", **form}
    request = urllib.request.Request(  # noqa: S310 - https, or of this machine
        endpoint, urllib.parse.urlencode(form).encode()
    )
    return str(_asked(request)["access_token"])


def _asked(request: urllib.request.Request) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            said: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        told = error.read(500).decode(errors="replace")
        raise InputError(f"{request.full_url} answers {error.code}: {told}") from error
    except (urllib.error.URLError, ValueError) as error:
        raise InputError(f"{request.full_url}: {error}") from error
    return said


def _is_safe(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme == "https" or parts.hostname == "127.0.0.1"
