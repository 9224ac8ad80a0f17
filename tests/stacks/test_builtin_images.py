"""AWS's own images: the account of each region, which the SageMaker SDK knows, and who may pull."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

from app import ROOT
from stacks.container_images import ContainerImages
from tests.stacks.conftest import Synth
from workloads.builtin_images import BUILTINS
from workloads.schema import Image, Project

XGBOOST = BUILTINS["xgboost"]
SDK = ROOT / "build" / "sagemaker-sdk" / "sagemaker" / "core" / "image_uri_config"
STACK = "sagestack-builtin"


@cache
def sdk() -> dict[str, Any]:
    """What the SageMaker SDK knows of XGBoost's images: versions for training and for inference."""
    path = SDK / "xgboost.json"
    assert path.is_file(), "unpack the SDK of tests/requirements.lock: local/install.sh test"
    known: dict[str, Any] = json.loads(path.read_text())
    return known


@pytest.mark.parametrize("scope", ["training", "inference"])
def test_every_version_of_the_sdk_is_there_but_the_one_that_aws_gave_up(scope: str) -> None:
    assert sdk()[scope]["versions"].keys() - XGBOOST.tags.keys() == {"1"}
    assert XGBOOST.tags.keys() <= sdk()[scope]["versions"].keys()


@pytest.mark.parametrize("scope", ["training", "inference"])
@pytest.mark.parametrize("version", XGBOOST.tags)
def test_each_version_has_the_repository_tag_and_accounts_that_the_sdk_has(
    scope: str, version: str
) -> None:
    known = sdk()[scope]["versions"][version]
    assert known["repository"] == XGBOOST.repository
    assert known["registries"] == XGBOOST.accounts
    # the SDK's tag is the version, and for the older ones the one processor and Python there is
    assert known.keys() <= {"registries", "repository", "processors", "py_versions"}
    parts = [version, *known.get("processors", []), *known.get("py_versions", [])]
    assert XGBOOST.tags[version] == "-".join(parts)


def test_the_newest_version_is_the_first() -> None:
    numbers = [tuple(map(int, v.replace("-", ".").split("."))) for v in XGBOOST.tags]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("us-east-1", "amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("us-iso-east-1", "c2s.ic.gov"),
        ("us-isob-east-1", "sc2s.sgov.gov"),
        ("us-isof-south-1", "csp.hci.ic.gov"),
    ],
)
def test_a_registrys_domain_is_that_of_its_partition(region: str, domain: str) -> None:
    # which is what AWS::URLSuffix is, of which the image's URI is made
    endpoint = EndpointResolver(create_loader().load_data("endpoints")).construct_endpoint(
        "ecr", region
    )
    assert endpoint is not None
    assert endpoint["hostname"] == f"ecr.{region}.{domain}"


def uri(image: Any) -> str:
    """An image's URI as the template has it, the pseudo parameters by their names."""
    separator, parts = image["Fn::Join"]
    return str(separator).join(
        part if isinstance(part, str) else part.get("Ref") or "ACCOUNT" for part in parts
    )


def test_where_the_region_is_open_cloudformation_looks_the_account_up(synth: Synth) -> None:
    template = synth.template(STACK)
    # by its name CloudFormation says what a region that is not in it lacks
    assert template["Mappings"]["RegionsWithXgboost"] == {
        region: {"Account": account} for region, account in XGBOOST.accounts.items()
    }
    (job,) = synth.resources("Custom::SageMakerTrainingJob", STACK)
    (model,) = synth.resources("AWS::SageMaker::Model", STACK)
    for image in (
        job["Properties"]["CreateTrainingJobRequest"]["AlgorithmSpecification"]["TrainingImage"],
        model["Properties"]["PrimaryContainer"]["Image"],
    ):
        assert image["Fn::Join"][1][0] == {
            "Fn::FindInMap": ["RegionsWithXgboost", {"Ref": "AWS::Region"}, "Account"]
        }
        assert uri(image) == ("ACCOUNT.dkr.ecr.AWS::Region.AWS::URLSuffix/sagemaker-xgboost:1.7-1")


def test_jobs_and_models_may_pull_from_that_one_repository_of_awss(synth: Synth) -> None:
    pulls = [
        statement
        for policy in synth.resources("AWS::IAM::Policy", STACK)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "ecr:BatchGetImage" in statement["Action"]
    ]
    assert len(pulls) == 2
    for statement in pulls:
        assert set(statement["Action"]) == {
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        }
        assert uri(statement["Resource"]) == (
            "arn:AWS::Partition:ecr:AWS::Region:ACCOUNT:repository/sagemaker-xgboost"
        )


def test_no_image_of_awss_is_built_or_kept_by_the_app(synth: Synth) -> None:
    assets = json.loads((synth.assembly / f"{STACK}.assets.json").read_text())
    assert not assets.get("dockerImages")
    for repository in synth.resources("AWS::ECR::Repository"):
        assert "xgboost" not in repository["Properties"]["RepositoryName"]


@pytest.mark.parametrize("region", XGBOOST.accounts)
def test_where_the_region_is_known_its_account_is_written(region: str, tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stack = Stack(app, "known", env=Environment(account="123456789012", region=region))
    images = ContainerImages(stack, "Images")
    project = Project(ROOT, ROOT / "workloads" / "builtin.toml")
    image = Image.model_validate({"builtin": "xgboost", "version": "1.0-1"}, context=project)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    resolved = stack.resolve(images.uri(image, pulled_by=role))
    account = XGBOOST.accounts[region]
    assert uri(resolved) == (
        f"{account}.dkr.ecr.{region}.AWS::URLSuffix/sagemaker-xgboost:1.0-1-cpu-py3"
    )
    app.synth()
    template = json.loads((tmp_path / "known.template.json").read_text())
    assert "Mappings" not in template


def test_the_data_is_described_as_awss_image_knows_it(synth: Synth) -> None:
    (job,) = synth.resources("Custom::SageMakerTrainingJob", STACK)
    (channel,) = job["Properties"]["CreateTrainingJobRequest"]["InputDataConfig"]
    assert channel["ContentType"] == "text/csv"
