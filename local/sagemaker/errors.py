"""SageMaker's errors, with the codes and the wording that clients match on."""

from dataclasses import dataclass


@dataclass
class SageMakerError(Exception):
    """An operation refused the request; `code` and `message` go to the client."""

    code: str
    message: str
    status: int = 400

    def __str__(self) -> str:
        return self.message


def invalid(message: str) -> SageMakerError:
    """Return the error of a request that cannot be served as it is."""
    return SageMakerError("ValidationException", message)


def in_use(message: str) -> SageMakerError:
    """Return the error of a name that is taken, or of a record that is busy."""
    return SageMakerError("ResourceInUse", message)


def could_not_find(kind: str, arn: str) -> SageMakerError:
    """Return the error of a hosting resource that does not exist; AWS answers 400, not 404."""
    return invalid(f'Could not find {kind} "{arn}".')


def already_exists(kind: str, arn: str) -> SageMakerError:
    """Return the error of a hosting resource whose name is taken."""
    return invalid(f'Cannot create already existing {kind} "{arn}".')


def not_supported(what: str) -> SageMakerError:
    """Return the error of a feature of SageMaker that is not built here."""
    return invalid(f"The embedded AWS does not support {what}.")
