"""AWS::SecretsManager::Secret: Ref is the ARN, and a generated secret is what was asked for."""

import json
from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]

_BOOLEANS = (
    *("ExcludeLowercase", "ExcludeNumbers", "ExcludePunctuation", "ExcludeUppercase"),
    *("IncludeSpace", "RequireEachIncludedType"),
)


def apply() -> None:
    """Wrap the secret's CloudFormation handlers, whose physical id is the name."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]
    secret_string = provisioners._sm_secret_string

    # Policies name a secret by its Ref.
    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        _name, attributes = create(logical_id, props, stack_name)
        return attributes["Arn"], attributes

    def updated(arn: str, *changed: Any) -> Any:
        _name, attributes = update(_name_of(arn), *changed)
        return attributes["Arn"], attributes

    # MiniStack knows PasswordLength and ExcludeCharacters only.
    def generated(props: Properties) -> Any:
        given = props.get("GenerateSecretString")
        if props.get("SecretString") or given is None:
            return secret_string(props)
        password = _random_password(given)
        if "SecretStringTemplate" not in given:
            return password
        template = json.loads(given["SecretStringTemplate"])
        return json.dumps({**template, given["GenerateStringKey"]: password})

    provisioners._sm_secret_string = generated
    handlers.update(
        create=created, update=updated, delete=lambda arn, props: delete(_name_of(arn), props)
    )


def _name_of(arn: str) -> str:
    for name, secret in secretsmanager._secrets.items():
        if secret["ARN"] == arn:
            return str(name)
    return arn


def _random_password(given: Properties) -> str:
    request = dict(given)
    for name in _BOOLEANS:
        if name in given:
            request[name] = str(given[name]).lower() == "true"
    request["PasswordLength"] = int(given.get("PasswordLength", 32))
    status, _headers, body = secretsmanager._get_random_password(request)
    answer = json.loads(body)
    if status >= 400:
        raise ValueError(f"AWS::SecretsManager::Secret: {answer['message']}")
    return str(answer["RandomPassword"])
