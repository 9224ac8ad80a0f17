"""Requests to the API as its environment asks for them: signed or with a token, and with a key."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cli.account import Account, session_of
from cli.api_calls import api_url
from cli.api_client import Answer, ApiClient, send
from cli.problems import InputError
from environments.schema import Environment

Send = Callable[[str, str, bytes, Mapping[str, str]], Answer]
"""Sends a method, a path, a body and headers to the API, with what lets it in."""


@dataclass(frozen=True)
class Caller:
    """Sends requests to the API at `url`."""

    url: str
    send: Send

    @classmethod
    def of(cls, account: Account, environment: Environment) -> "Caller":
        """Find the API and what it asks for, in the shell's variables TOKEN and API_KEY.

        Raises InputError if it is not deployed, or one of the variables is missing.
        """
        url = api_url(account, environment)
        added = {}
        if environment.api.keys:
            added["X-Api-Key"] = _variable("API_KEY", "the value of one of the API's keys")
        if environment.api.jwt is not None:
            token = _variable("TOKEN", "a token: export TOKEN=$(make token)")
            added["Authorization"] = f"Bearer {token}"
            return cls(url, lambda m, path, b, h: send(m, f"{url}{path}", b, {**h, **added}))
        client = ApiClient(url, session_of(environment.region))
        return cls(url, lambda m, path, b, h: client.send(m, path, b, {**h, **added}))


def _variable(name: str, allowed: str) -> str:
    if not os.environ.get(name):
        raise InputError(f"{name}: missing in the environment; allowed: {allowed}")
    return os.environ[name]
