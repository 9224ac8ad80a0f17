"""The app in the embedded AWS, deployed by the real CDK CLI."""

from pathlib import Path

from cli import local_aws
from cli.api_client import ApiClient
from local.cdk_cli import ROOT, run_cdk
from local.progress import Report
from local.session import EmbeddedAWS

CONCURRENCY = 4
"""How many stacks are made at a time: they mostly wait, also on two cores."""


class Deployment:
    """The project at `root` in `aws`: synthesized into `assembly`, deployed from there."""

    def __init__(
        self,
        aws: EmbeddedAWS,
        *,
        root: Path = ROOT,
        assembly: Path = ROOT / "build" / "local.cdk.out",
    ) -> None:
        self._aws = aws
        self._root = root
        self.assembly = assembly

    def synth(self, report: Report) -> None:
        """Write the templates, the same as for AWS."""
        self._cdk(report, "synth", "--quiet", "--output", str(self.assembly))

    def bootstrap(self, report: Report) -> None:
        """Make the roles that the CDK deploys with."""
        target = f"aws://{self._aws.account}/{self._aws.region}"
        # where no cdk.json is, or the CLI would synthesize the app for it
        environment = self._aws.environment()
        run_cdk("bootstrap", target, root=self._aws.state, environment=environment, report=report)

    def deploy(self, report: Report, *stacks: str) -> None:
        """Deploy these stacks and those that they need, or every stack.

        Raises CdkError with CloudFormation's reason when one fails.
        """
        self._cdk(
            report,
            "deploy",
            *(stacks or ["--all"]),
            *("--app", str(self.assembly), "--concurrency", str(CONCURRENCY)),
            *("--progress", "events", "--require-approval", "never"),
        )

    def destroy(self, report: Report) -> None:
        """Remove every stack."""
        self._cdk(
            report,
            "destroy",
            *("--all", "--force"),
            *("--app", str(self.assembly), "--concurrency", str(CONCURRENCY)),
        )

    def output(self, stack: str, key: str) -> str:
        """Return a stack's output. Raises LookupError if there is none of that key."""
        stacks = self._aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        for output in stacks[0].get("Outputs", []):
            if output["OutputKey"] == key:
                return str(output["OutputValue"])
        raise LookupError(f"{stack} has no output {key}")

    def api_url(self, app_name: str) -> str:
        """Return where the deployed API answers here."""
        return local_aws.api_url(self.output(f"{app_name}-api", "ApiUrl"), self._aws.endpoint_url)

    def api(self, app_name: str) -> ApiClient:
        """Return a client of the deployed API, at its local address."""
        return ApiClient(self.api_url(app_name), self._aws.session())

    def _cdk(self, report: Report, *arguments: str) -> None:
        run_cdk(*arguments, root=self._root, environment=self._aws.environment(), report=report)
