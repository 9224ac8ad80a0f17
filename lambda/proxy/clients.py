"""The AWS clients of the proxy.

Made by botocore: boto3 around it makes a cold start a fifth longer, and adds nothing to a client.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from botocore.session import get_session

from proxy.deadline import ANSWER_SECONDS

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_ssm import SSMClient

# Sent once: a repeated prediction would come too late, and whether a throttled one is worth
# repeating is for the caller to know. A lost SYN is sent again after one second.
_CONNECT_SECONDS = 2
RUNTIME = Config(
    connect_timeout=_CONNECT_SECONDS,
    read_timeout=ANSWER_SECONDS - _CONNECT_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 1},
    tcp_keepalive=True,
)
# All attempts together take 12 s, backoff included: the catalog in hand may then serve on.
SSM = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)
S3 = Config(
    connect_timeout=_CONNECT_SECONDS,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
)


@dataclass(frozen=True)
class Clients:
    """What the proxy talks to."""

    ssm: "SSMClient"
    runtime: "SageMakerRuntimeClient"
    session: "Session"

    @classmethod
    def connect(cls) -> "Clients":
        """Make the clients from the function's role and region; nothing is sent yet."""
        session = get_session()  # one: both read its files and credentials once
        return cls(
            session=session,
            ssm=cast("SSMClient", session.create_client("ssm", config=SSM)),
            runtime=cast(
                "SageMakerRuntimeClient", session.create_client("sagemaker-runtime", config=RUNTIME)
            ),
        )

    def s3(self) -> "S3Client":
        """Make the client on first use: it takes longer than the others, and few need it."""
        return _s3_client(self.session)


@cache
def _s3_client(session: "Session") -> "S3Client":
    return cast("S3Client", session.create_client("s3", config=S3))
