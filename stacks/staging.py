"""Where the CDK stages what it deploys: a bucket and ECR repositories of the app's own.

The CDK's app staging synthesizer makes them, one repository per image, in a stack that `cdk
destroy` removes with the rest. The default synthesizer would leave the templates, code and images
of every deploy in the bootstrap stack's bucket and repository.
"""

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_s3 as s3
from aws_cdk.app_staging_synthesizer_alpha import AppStagingSynthesizer, DefaultStagingStack
from constructs import IConstruct

from stacks.acknowledge import acknowledge, wildcard_action, wildcard_resource
from stacks.container_images import CONTAINERS

# An image's tag is its asset's hash and tags are immutable, so a tagged image may be what a live
# endpoint runs or a rollback needs; ECR cannot tell which. None of them expires.
_LIFECYCLE_POLICY = """{"rules": [{
  "rulePriority": 1,
  "description": "Without a tag it was never deployed",
  "selection": {
    "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7
  },
  "action": {"type": "expire"}
}]}"""


def staging_synthesizer(app_name: str) -> AppStagingSynthesizer:
    """Return the synthesizer of all stacks; `app_name` is at most 20 characters."""
    return AppStagingSynthesizer.default_resources(
        app_id=app_name,
        staging_bucket_encryption=s3.BucketEncryption.S3_MANAGED,
        # a rollback fetches the code of before, which the default would delete after 30 days
        deploy_time_file_asset_lifetime=Duration.days(3650),
    )


def staged_objects(scope: IConstruct, app_name: str) -> str:
    """Return the ARN of all objects of the staging bucket, whose name the synthesizer fixes."""
    stack = Stack.of(scope)
    bucket = f"cdk-{app_name}-staging-{stack.account}-{stack.region}"
    return stack.format_arn(service="s3", region="", account="", resource=bucket, resource_name="*")


def harden_staging(app: App) -> None:
    """Scan images on push and keep the deployed ones; say why the rest is right as it is."""
    for stack in app.node.children:
        if isinstance(stack, DefaultStagingStack):
            _keep_repositories(stack)
            for construct in stack.node.find_all():
                if isinstance(construct, ecr.CfnRepository):
                    _harden(construct)
                elif isinstance(construct, s3.CfnBucket):
                    _acknowledge(stack, construct)


def _keep_repositories(stack: DefaultStagingStack) -> None:
    """Give each folder of container/ its repository, whether a workload uses it or not.

    The synthesizer makes the repositories of the images in use, and its stack is deployed first: a
    workload that changes its container would lose the image that it still runs, and rolls back to.
    """
    for dockerfile in sorted(CONTAINERS.glob("*/Dockerfile")):
        stack.add_docker_image(source_hash="none", asset_name=dockerfile.parent.name)


def _harden(repository: ecr.CfnRepository) -> None:
    repository.image_scanning_configuration = ecr.CfnRepository.ImageScanningConfigurationProperty(
        scan_on_push=True
    )
    repository.lifecycle_policy = ecr.CfnRepository.LifecyclePolicyProperty(
        lifecycle_policy_text=_LIFECYCLE_POLICY
    )


def _acknowledge(stack: DefaultStagingStack, bucket: s3.CfnBucket) -> None:
    publishing = "The synthesizer's role to publish assets, on the staging bucket only."
    acknowledge(
        stack,
        {
            "AwsSolutions-S1": "Only the CDK publishes here, and CloudTrail records who deployed.",
            "AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken takes no resource.",
            wildcard_resource(stack, f"{bucket.attr_arn}/*"): publishing,
            **{
                wildcard_action(action): publishing
                for action in (
                    "s3:Abort*",
                    "s3:DeleteObject*",
                    "s3:GetBucket*",
                    "s3:GetObject*",
                    "s3:List*",
                )
            },
        },
    )
