"""The images of a workload: built from a folder of container/, AWS's own, or already in ECR."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import CfnMapping, Stack, SymlinkFollowMode
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from constructs import Construct

from workloads.builtin_images import BUILTINS
from workloads.schema import Image

CONTAINERS = Path(__file__).resolve().parent.parent / "container"


class ContainerImages(Construct):
    """The images that a stack's models use, each once."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._images: dict[str, tuple[ecr.IRepository, str]] = {}

    def uri(self, image: Image, *, pulled_by: iam.Role) -> str:
        """Return the URI of `image`, which `pulled_by` may then pull."""
        key = image.model_dump_json()
        if key not in self._images:
            self._images[key] = self._image(image)
        repository, uri = self._images[key]
        repository.grant_pull(pulled_by)
        return uri

    def _image(self, image: Image) -> tuple[ecr.IRepository, str]:
        if image.container is not None:
            return self._built(image.container, image.build_args)
        if image.builtin is not None:
            return self._builtin(image.builtin, str(image.version))
        return self._existing(str(image.uri))

    def _built(self, container: str, build_args: Mapping[str, str]) -> tuple[ecr.IRepository, str]:
        arguments = [f"{name}={value}" for name, value in build_args.items()]
        asset = ecr_assets.DockerImageAsset(
            self,
            " ".join((container, *arguments)),
            # names the ECR repository <app>/<container>, whatever the arguments
            asset_name=container,
            directory=str(CONTAINERS / container),
            build_args=dict(build_args),
            # container/toolkit/, which several containers share, is linked into each
            follow_symlinks=SymlinkFollowMode.ALWAYS,
            # what SageMaker's instances run; the CDK's CLI builds it without the attestations that
            # would make it an OCI index, which CreateModel refuses
            platform=ecr_assets.Platform.LINUX_AMD64,
        )
        return asset.repository, asset.image_uri

    def _builtin(self, algorithm: str, version: str) -> tuple[ecr.IRepository, str]:
        """Return AWS's own image, from the account that has it in the region of the deploy.

        Where that is not known yet, CloudFormation looks the account up, and refuses the stack in
        a region that has none.
        """
        builtin, stack = BUILTINS[algorithm], Stack.of(self)
        account = self._accounts(algorithm).find_in_map(stack.region, "Account")
        repository = self._repository(
            f"{algorithm}-{version}", builtin.repository, account, stack.region
        )
        registry = f"{account}.dkr.ecr.{stack.region}.{stack.url_suffix}"
        return repository, f"{registry}/{builtin.repository}:{builtin.tags[version]}"

    def _accounts(self, algorithm: str) -> CfnMapping:
        name = f"{algorithm.capitalize()}Accounts"
        if isinstance(found := self.node.try_find_child(name), CfnMapping):
            return found
        accounts = BUILTINS[algorithm].accounts
        mapping = CfnMapping(
            self,
            name,
            mapping={region: {"Account": account} for region, account in accounts.items()},
            lazy=True,  # not in the template of a stack whose region is known
        )
        # CloudFormation says "Unable to get mapping for RegionsWithXgboost::<region>::Account"
        mapping.override_logical_id(f"RegionsWith{algorithm.capitalize()}")
        return mapping

    def _existing(self, uri: str) -> tuple[ecr.IRepository, str]:
        registry, _, image = uri.partition("/")
        account, _, _, region = registry.split(".")[:4]
        name = image.partition("@")[0].partition(":")[0]
        return self._repository(uri.replace("/", "-"), name, account, region), uri

    def _repository(
        self, construct_id: str, name: str, account: str, region: str
    ) -> ecr.IRepository:
        return ecr.Repository.from_repository_attributes(
            self,
            construct_id,
            repository_name=name,
            repository_arn=Stack.of(self).format_arn(
                service="ecr",
                account=account,
                region=region,
                resource="repository",
                resource_name=name,
            ),
        )
