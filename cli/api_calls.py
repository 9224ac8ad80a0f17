"""`make curl`: a request of a workload as a line for the shell, to the API of AWS or of here."""

import os

from rich.console import Console

from cli import local_aws
from cli.account import Account
from cli.problems import InputError
from environments.api import ApiSettings
from environments.schema import Environment
from workloads.schema import Workload

_CONTINUED = " \\\n  "


def curl(
    account: Account,
    console: Console,
    *,
    environment: Environment,
    workload: Workload,
    region: str | None,
) -> None:
    """Print the line. Raises InputError if the API is not deployed, or no region is known."""
    url = api_url(account, environment)
    if environment.api.jwt is None and region is None:
        raise InputError("AWS_REGION: missing; allowed: the region of the API, which is signed")
    line = curl_line(workload, environment.api, url, str(region))
    console.print(line, markup=False, soft_wrap=True)


def api_url(account: Account, environment: Environment) -> str:
    """Return the API's address. Raises InputError if it is not deployed."""
    url = account.outputs(f"{environment.name}-api")["ApiUrl"]
    return local_aws.api_url(url, os.environ["AWS_ENDPOINT_URL"]) if local_aws.is_used() else url


def curl_line(workload: Workload, api: ApiSettings, url: str, region: str) -> str:
    """Return a line of bash that sends the smoke request; the shell fills the credentials in."""
    credentials = (
        [
            f"curl --aws-sigv4 aws:amz:{region}:execute-api "
            '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
            # without a value curl leaves the header out
            '-H "X-Amz-Security-Token: $AWS_SESSION_TOKEN"',
        ]
        if api.jwt is None
        else ['curl -H "Authorization: Bearer $TOKEN"']
    )
    return _CONTINUED.join(
        [
            *credentials,
            *(['-H "X-Api-Key: $API_KEY"'] if api.keys else []),
            f"-H 'Content-Type: {workload.smoke.content_type}' --data-binary {_body(workload)}",
            f"{url}/workloads/{workload.name}/invocations",
        ]
    )


def _body(workload: Workload) -> str:
    """Return the smoke request as a word of bash, with the names that the API wants above CSV."""
    body = workload.smoke.body.strip()
    if workload.smoke.content_type == "text/csv" and not workload.api.header:
        body = f"{','.join(feature.name for feature in workload.api.features)}\n{body}"
    escaped = body.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"$'{escaped}\\n'"
