"""Temporary credentials of a role, for a service that assumes it by itself: nobody asks STS."""

import secrets

from ministack.services import sts


def temporary_credentials(role_arn: str, session_name: str) -> dict[str, str]:
    """Return AccessKeyId, SecretAccessKey and Token of a session of the role.

    AWS's services assume a role with nobody's credentials, so AssumeRole cannot be called over HTTP
    for them. MiniStack's Lambda registers its functions' sessions like this.
    """
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    credentials = {
        "AccessKeyId": "ASIA" + secrets.token_hex(8).upper(),
        "SecretAccessKey": secrets.token_hex(20),
        "Token": secrets.token_hex(32),
    }
    sts.register_session(
        credentials["AccessKeyId"],
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session_name[:64]}",
            "UserId": f"{name}:{session_name[:64]}",
            "SecretAccessKey": credentials["SecretAccessKey"],
            "SessionToken": credentials["Token"],
        },
    )
    return credentials
