"""What ends a command, apart from AWS's own errors."""


class InputError(Exception):
    """What was asked for cannot be done; the text says what was found and what is allowed."""


class JobFailed(Exception):  # noqa: N818 - an outcome, in SageMaker's word
    """The job did not complete; the text is how it ended, in SageMaker's words."""


class StackFailed(Exception):  # noqa: N818 - an outcome, in CloudFormation's word
    """The stack could not be deleted; the text is why, in CloudFormation's words."""


class HostFailed(Exception):  # noqa: N818 - an outcome
    """The dev host cannot be worked on; the text says why, and what to look at."""


class DownloadFailed(Exception):  # noqa: N818 - an outcome
    """A file could not be locked; the text has its URL and the reason, a line each."""


class ApiFailed(Exception):  # noqa: N818 - an outcome
    """The API does not answer as it should; the text says what it answered."""
