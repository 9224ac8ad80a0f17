"""Sets the user's password to what the secret holds; sagestack-password.timer, each minute.

So a rotated password holds within a minute. It is on no command line and in no log.
"""

import subprocess
from pathlib import Path
from typing import Any

import boto3

from host.settings import USER, Settings

APPLIED = Path("/var/lib/sagestack/password-version")
"""The version of the secret that was set last."""


def apply(secrets: Any, secret_id: str, applied: Path = APPLIED) -> bool:
    """Set the password if the secret has another version than was set; tell whether it had."""
    secret = secrets.get_secret_value(SecretId=secret_id)
    if applied.exists() and applied.read_text() == secret["VersionId"]:
        return False
    subprocess.run(["chpasswd"], input=f"{USER}:{secret['SecretString']}\n", text=True, check=True)
    applied.parent.mkdir(parents=True, exist_ok=True)
    applied.write_text(secret["VersionId"])
    return True


def main() -> None:
    """Set it, and say so without saying it."""
    settings = Settings.load()
    if apply(boto3.client("secretsmanager", region_name=settings.region), settings.secret_id):
        print(f"the password of {USER} is now what {settings.secret_id} holds")


if __name__ == "__main__":
    main()
