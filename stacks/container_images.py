"""The images of a workload: built from a folder of container/, or there already in ECR."""

from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from constructs import Construct

from workloads.schema import Image

CONTAINERS = Path(__file__).resolve().parent.parent / "container"


class ContainerImages(Construct):
    """The images that a stack's models use, each once."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._images: dict[Image, tuple[ecr.IRepository, str]] = {}

    def uri(self, image: Image, *, pulled_by: iam.Role) -> str:
        """Return the URI of `image`, which `pulled_by` may then pull."""
        if image not in self._images:
            self._images[image] = (
                self._built(image.container) if image.container else self._existing(str(image.uri))
            )
        repository, uri = self._images[image]
        repository.grant_pull(pulled_by)
        return uri

    def _built(self, container: str) -> tuple[ecr.IRepository, str]:
        asset = ecr_assets.DockerImageAsset(
            self,
            container,
            # names the ECR repository <app>/<container>
            asset_name=container,
            directory=str(CONTAINERS / container),
            # what SageMaker's instances run; the CDK's CLI builds it without the attestations that
            # would make it an OCI index, which CreateModel refuses
            platform=ecr_assets.Platform.LINUX_AMD64,
        )
        return asset.repository, asset.image_uri

    def _existing(self, uri: str) -> tuple[ecr.IRepository, str]:
        registry, _, image = uri.partition("/")
        account, _, _, region = registry.split(".")[:4]
        name = image.partition("@")[0].partition(":")[0]
        repository = ecr.Repository.from_repository_attributes(
            self,
            uri.replace("/", "-"),
            repository_name=name,
            repository_arn=Stack.of(self).format_arn(
                service="ecr",
                account=account,
                region=region,
                resource="repository",
                resource_name=name,
            ),
        )
        return repository, uri
