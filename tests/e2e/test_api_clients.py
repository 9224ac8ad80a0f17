"""The lines of docs/api-clients.md, `make curl` and `make token` predict as they are pasted."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.callers import Signers
from tests.e2e.conftest import APP, App, project
from tests.issuer import Issuer, issuer

ISSUED = """[api]
authorization = "jwt"
jwt = {{ issuer = "{url}", audience = ["predictions"] }}
"""
POOL = """[api]
authorization = "jwt"
jwt = { cognito = true }
keys = { partner = {} }
"""
PREDICTED = r"5\.0176"
"""The first of the README's irises, by the degree of the workload."""
RUN = {"sh": ["bash", "-euc"], "python": [sys.executable, "-c"], "r": ["Rscript", "-e"]}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, "iris-mars") as app:
        app.bootstrap()
        app.deploy()
        yield app


@pytest.fixture(scope="module")
def issuing() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


def snippets(app: App, kind: str) -> dict[str, str]:
    """The blocks of the page that are marked so, by their language."""
    page = (app.root / "docs" / "api-clients.md").read_text()
    found = re.findall(rf"^```(\w+) {kind}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return dict(found)


def environment(app: App, **variables: str) -> dict[str, str]:
    """A shell after the page's first lines."""
    url = app.deployment.api_url(APP)
    return {**app.aws.environment(), "API_URL": url, **variables}


def made(app: App, command: str, **variables: str) -> str:
    """What a command prints, as make runs it."""
    done = _run(app, command, variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _run(
    app: App, command: str, variables: dict[str, str], typed: str = ""
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli", *command.split()],
        cwd=app.root,
        env=environment(app, **variables),
        input=typed,
        start_new_session=True,  # no terminal: a password is read from the standard input
        capture_output=True,
        text=True,
        check=False,
    )


def assert_predicts(command: list[str], variables: dict[str, str]) -> None:
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert re.search(PREDICTED, done.stdout), (command, done.stdout, done.stderr)


def assert_refused(command: list[str], variables: dict[str, str]) -> None:
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert not re.search(PREDICTED, done.stdout), (command, done.stdout)


def test_signed_lines_predict(app: App) -> None:
    keys = Signers(app).keys
    signing = environment(
        app,
        AWS_ACCESS_KEY_ID=str(keys.access_key),
        AWS_SECRET_ACCESS_KEY=str(keys.secret_key),
        AWS_SESSION_TOKEN="",
    )
    pasted = snippets(app, "iam")
    assert set(pasted) == set(RUN)
    for language, text in pasted.items():
        assert_predicts([*RUN[language], text], signing)
        assert_refused([*RUN[language], text], {**signing, "AWS_SECRET_ACCESS_KEY": "hunter2"})
    line = made(app, "curl --workload iris-mars")
    assert str(keys.secret_key) not in line
    assert_predicts([*RUN["sh"], line], signing)


def test_a_signed_line_predicts_with_the_credentials_of_a_role(app: App) -> None:
    """Which have a token of their session, that is signed too."""
    role = _role(app)
    keys = app.aws.client("sts").assume_role(RoleArn=role, RoleSessionName="ana")["Credentials"]
    signing = environment(
        app,
        AWS_ACCESS_KEY_ID=keys["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"],
        AWS_SESSION_TOKEN=keys["SessionToken"],
    )
    for language, text in snippets(app, "iam").items():
        assert_predicts([*RUN[language], text], signing)


def _role(app: App) -> str:
    iam = app.aws.client("iam")
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    document = '{{"Version": "2012-10-17", "Statement": [{}]}}'
    arn = iam.create_role(
        RoleName="predictor", AssumeRolePolicyDocument=document.format(json.dumps(anybody))
    )["Role"]["Arn"]
    iam.put_role_policy(
        RoleName="predictor", PolicyName="api", PolicyDocument=document.format(json.dumps(may))
    )
    return str(arn)


def test_lines_with_a_token_of_an_issuer_predict(app: App, issuing: Issuer) -> None:
    file = app.root / "environments" / "default.toml"
    file.write_text(ISSUED.format(url=issuing.url))
    app.deploy(f"{APP}-api")
    secret = {"API_CLIENT_ID": "program", "API_CLIENT_SECRET": issuing.secret}
    with_token = environment(app, TOKEN=made(app, "token", **secret))
    pasted = snippets(app, "token")
    assert set(pasted) == set(RUN)
    for language, text in pasted.items():
        assert_predicts([*RUN[language], text], with_token)
        assert_refused([*RUN[language], text], {**with_token, "TOKEN": issuing.expired()})
    assert_predicts([*RUN["sh"], made(app, "curl --workload iris-mars")], with_token)


def test_lines_with_a_token_of_the_user_pool_and_an_api_key_predict(app: App) -> None:
    (app.root / "environments" / "default.toml").write_text(POOL)
    app.deploy(f"{APP}-api")
    output = app.deployment.output(f"{APP}-api", "ApiKeypartner")
    gateway = app.aws.client("apigateway")
    key = gateway.get_api_key(apiKey=output, includeValue=True)["value"]
    line = made(app, "curl --workload iris-mars")
    program = environment(app, TOKEN=made(app, "token"), API_KEY=key)
    assert_predicts([*RUN["sh"], line], program)
    assert_refused([*RUN["sh"], line], {**program, "API_KEY": "hunter2"})
    assert_predicts([*RUN["sh"], line], {**program, "TOKEN": _signed_in(app)})


def _signed_in(app: App) -> str:
    """The token of a new user of the pool, who is asked for a password of their own."""
    first, own = "First-of-all-1!", "Of-my-own-since-2!"
    app.aws.client("cognito-idp").admin_create_user(
        UserPoolId=app.deployment.output(f"{APP}-api", "UserPool"),
        Username="ana",
        TemporaryPassword=first,
    )
    done = _run(app, "token --person ana", {}, typed=f"{first}\n{own}\n")
    assert done.returncode == 0, done.stderr
    wrong = _run(app, "token --person ana", {}, typed=f"{first}\n")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert first not in wrong.stderr
    again = _run(app, "token --person ana", {}, typed=f"{own}\n")
    assert again.returncode == 0, again.stderr
    return done.stdout.strip()


def test_make_token_says_what_to_do_where_there_is_none(app: App) -> None:
    (app.root / "environments" / "default.toml").write_text("")
    done = _run(app, "token", {})
    assert done.returncode == 2
    assert "make curl WORKLOAD=<name>" in done.stderr


def test_every_block_of_the_page_for_a_shell_or_a_language_is_run_or_prepares_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api-clients.md").read_text()
    marked = re.findall(r"^```(\w+)( \w+)?$", page, re.MULTILINE)
    assert [language for language, mark in marked if not mark] == ["sh", "sh", "console"]
