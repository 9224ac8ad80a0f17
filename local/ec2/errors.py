"""EC2's errors, with the codes and the wording that clients match on."""

from dataclasses import dataclass


@dataclass
class EC2Error(Exception):
    """An operation refused the request; `code` and `message` go to the client."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


def no_such_instance(instance_id: str) -> EC2Error:
    """Return the error of an instance that does not exist."""
    return EC2Error("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")


def not_supported(what: str) -> EC2Error:
    """Return the error of a feature of EC2 that is not built here."""
    return EC2Error("UnsupportedOperation", f"The embedded AWS does not support {what}")
