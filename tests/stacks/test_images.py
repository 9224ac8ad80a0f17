"""Images are the app's own: scanned, immutable, kept while deployed, gone with the app."""

import json

from tests.stacks.conftest import Synth

STAGING = "StagingStack-sagestack-ACCOUNT-REGION"


def test_each_container_has_a_repository_of_the_apps_own(synth: Synth) -> None:
    (repository,) = synth.resources("AWS::ECR::Repository")
    assert repository["Properties"]["RepositoryName"] == "sagestack/mars"
    assert repository["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert repository["Properties"]["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository["Properties"]["EmptyOnDelete"] is True


def test_no_deployed_image_expires(synth: Synth) -> None:
    (repository,) = synth.resources("AWS::ECR::Repository")
    policy = json.loads(repository["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])
    assert [rule["selection"]["tagStatus"] for rule in policy["rules"]] == ["untagged"]


def test_images_are_built_for_what_sagemaker_runs(synth: Synth) -> None:
    manifest = json.loads((synth.assembly / "sagestack-iris-mars.assets.json").read_text())
    (image,) = manifest["dockerImages"].values()
    assert image["source"]["platform"] == "linux/amd64"
    (destination,) = image["destinations"].values()
    assert destination["repositoryName"] == "sagestack/mars"


def test_an_image_in_ecr_is_used_as_it_is(synth: Synth) -> None:
    uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/flowers:1"
    models = synth.resources("AWS::SageMaker::Model", "sagestack-a-b")
    assert [m["Properties"]["PrimaryContainer"]["Image"] for m in models] == [uri, uri]
    pulls = [
        statement["Resource"]
        for policy in synth.resources("AWS::IAM::Policy", "sagestack-a-b")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "ecr:BatchGetImage" in statement["Action"]
    ]
    assert len(pulls) == 4
    assert all("ecr:eu-west-1:123456789012:repository/team/flowers" in str(r) for r in pulls)
