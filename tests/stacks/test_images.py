"""Images are the app's own: scanned, immutable, kept while deployed, gone with the app."""

import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam

from app import ROOT
from stacks import container_images, staging
from tests.stacks.conftest import Synth
from workloads.schema import Image, Project

STAGING = "StagingStack-sagestack-ACCOUNT-REGION"


def test_each_container_has_a_repository_of_the_apps_own(synth: Synth) -> None:
    repositories = synth.resources("AWS::ECR::Repository")
    assert {repository["Properties"]["RepositoryName"] for repository in repositories} == {
        f"sagestack/{dockerfile.parent.name}"
        for dockerfile in (ROOT / "container").glob("*/Dockerfile")
    }
    for repository in repositories:
        assert repository["Properties"]["ImageTagMutability"] == "IMMUTABLE"
        assert repository["Properties"]["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert repository["Properties"]["EmptyOnDelete"] is True


def test_no_deployed_image_expires(synth: Synth) -> None:
    for repository in synth.resources("AWS::ECR::Repository"):
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


def test_a_container_keeps_its_repository_when_no_workload_uses_it_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the staging stack is deployed first: the endpoint still runs the image, a rollback needs it
    (tmp_path / "forecast").mkdir()
    (tmp_path / "forecast" / "Dockerfile").touch()
    monkeypatch.setattr(staging, "CONTAINERS", tmp_path)
    app = App(outdir=str(tmp_path / "cdk.out"))
    Stack(app, "empty", synthesizer=staging.staging_synthesizer("sagestack"))
    staging.harden_staging(app)
    app.synth()
    template = json.loads((tmp_path / "cdk.out" / f"{STAGING}.template.json").read_text())
    assert [
        resource["Properties"]["RepositoryName"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::ECR::Repository"
    ] == ["sagestack/forecast"]


def test_build_arguments_make_an_image_of_its_own_in_the_same_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "container" / "forecast").mkdir(parents=True)
    (tmp_path / "container" / "forecast" / "Dockerfile").write_text("FROM debian\nARG ENGINE\n")
    monkeypatch.setattr(container_images, "CONTAINERS", tmp_path / "container")
    project = Project(tmp_path, tmp_path / "workloads" / "forecast.toml")
    app = App(outdir=str(tmp_path / "cdk.out"))
    stack = Stack(app, "both", synthesizer=staging.staging_synthesizer("sagestack"))
    images = container_images.ContainerImages(stack, "Images")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    for build_args in ({}, {"ENGINE": "fable"}, {"ENGINE": "a/b"}, {"ENGINE": "fable"}):
        document = {"container": "forecast", "build_args": build_args}
        images.uri(Image.model_validate(document, context=project), pulled_by=role)
    app.synth()
    manifest = json.loads((tmp_path / "cdk.out" / "both.assets.json").read_text())
    built = manifest["dockerImages"].values()
    assert [image["source"].get("dockerBuildArgs") or {} for image in built] == [
        {},
        {"ENGINE": "fable"},
        {"ENGINE": "a/b"},
    ]
    destinations = [next(iter(image["destinations"].values())) for image in built]
    assert {destination["repositoryName"] for destination in destinations} == {"sagestack/forecast"}
    assert len({destination["imageTag"] for destination in destinations}) == 3
