"""The RStudio host: nobody gets in but by Session Manager, nothing is open, it stops itself."""

import base64
import gzip
import json
import re
from typing import Any

import pytest

from local.cdk_cli import ROOT
from tests.stacks.conftest import CHECKSUM, Resource, Synth
from tests.stacks.policies import allowed_by

STACK = "sagestack-dev-host"
STACKS = (STACK, "sagestack-notebook")


@pytest.fixture(scope="session")
def instance(synth: Synth) -> Resource:
    """The EC2 instance."""
    (instance,) = synth.resources("AWS::EC2::Instance", STACK)
    return instance


def init(instance: Resource) -> dict[str, Any]:
    """What cfn-init does."""
    metadata: dict[str, Any] = instance["Metadata"]["AWS::CloudFormation::Init"]
    return metadata


def user_data(instance: Resource) -> str:
    """The script of the first boot, with a word in the place of each token."""
    _, parts = instance["Properties"]["UserData"]["Fn::Base64"]["Fn::Join"]
    return "".join(part if isinstance(part, str) else "TOKEN" for part in parts)


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_gets_in(synth: Synth, stack: str) -> None:
    (group,) = synth.resources("AWS::EC2::SecurityGroup", stack)
    assert "SecurityGroupIngress" not in group["Properties"]
    assert synth.resources("AWS::EC2::SecurityGroupIngress", stack) == []
    ports = {rule["FromPort"] for rule in group["Properties"]["SecurityGroupEgress"]}
    assert ports == {80, 443}


def test_the_instance_has_no_public_address(synth: Synth, instance: Resource) -> None:
    (interface,) = instance["Properties"]["NetworkInterfaces"]
    assert interface["AssociatePublicIpAddress"] is False
    assert "SubnetId" not in instance["Properties"]  # whose own choice would count
    assert synth.resources("AWS::EC2::EIP", STACK) == []


def test_the_metadata_service_answers_by_version_2_alone(instance: Resource) -> None:
    assert instance["Properties"]["MetadataOptions"]["HttpTokens"] == "required"


def test_every_disk_is_encrypted_with_the_stacks_key(synth: Synth, instance: Resource) -> None:
    (key,) = (
        {"Fn::GetAtt": [name, "Arn"]}
        for name, resource in synth.template(STACK)["Resources"].items()
        if resource["Type"] == "AWS::KMS::Key"
    )
    (root,) = instance["Properties"]["BlockDeviceMappings"]
    (volume,) = synth.resources("AWS::EC2::Volume", STACK)
    (secret,) = synth.resources("AWS::SecretsManager::Secret", STACK)
    for disk in (root["Ebs"], volume["Properties"]):
        assert (disk["Encrypted"], disk["VolumeType"], disk["KmsKeyId"]) == (True, "gp3", key)
    assert secret["Properties"]["KmsKeyId"] == key


def test_the_template_has_the_secrets_name_and_never_its_value(
    synth: Synth, instance: Resource
) -> None:
    template = json.dumps(synth.template(STACK))
    assert "{{resolve:" not in template
    (secret,) = re.findall(r'"(RStudioPassword\w+)": {"Type"', template)
    uses = re.findall(r'{"(\S+)": \[?"' + secret, template)
    assert uses
    assert set(uses) == {"Ref"}  # its ARN
    settings = init(instance)["files"]["files"]["/etc/sagestack/dev-host.json"]["content"]
    assert settings["secret_id"] == {"Ref": secret}
    assert secret not in json.dumps(instance["Properties"]["UserData"])


def test_the_password_is_generated_and_long(synth: Synth) -> None:
    (secret,) = synth.resources("AWS::SecretsManager::Secret", STACK)
    assert secret["Properties"]["GenerateSecretString"]["PasswordLength"] >= 20
    assert "SecretString" not in secret["Properties"]


def test_rstudio_listens_for_the_tunnel_alone(instance: Resource) -> None:
    files = init(instance)["files"]["files"]
    assert "www-address=127.0.0.1\n" in files["/etc/rstudio/rserver.conf"]["content"]
    # and is so before it is installed
    steps = init(instance)["configSets"]["default"]
    assert steps.index("files") < steps.index("rstudio")


def test_the_role_has_single_actions_on_what_is_this_apps(synth: Synth) -> None:
    may = {
        action: on
        for policy in synth.resources("AWS::IAM::Policy", STACK)
        if "RStudio" in policy["Properties"]["PolicyName"]
        for action, on in allowed_by(policy).items()
    }
    assert {action for action, on in may.items() if "*" in on} == {
        "ec2:DescribeInstances",
        "ec2:DescribeVolumes",
        "ecr:GetAuthorizationToken",
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    }
    assert not [action for action in may if "*" in action]
    assert may["ecr:BatchGetImage"] == {"arn:aws:ecr:region:account:repository/sagestack/*"}
    writes = re.compile(r"iam:(?!PassRole)|.*:(Delete|Put(?!Metric)|Update(?!InstanceInf))")
    assert not [action for action in may if writes.match(action)]


def test_the_role_may_do_what_the_projects_scripts_do(synth: Synth) -> None:
    jobs = "arn:aws:sagemaker:region:account:"
    logs = "arn:aws:logs:region:account:log-group:/aws/sagemaker/"
    for stack in STACKS:
        may: dict[str, set[str]] = {}
        for policy in synth.resources("AWS::IAM::Policy", stack):
            for action, on in allowed_by(policy).items():
                may.setdefault(action, set()).update(on)
        for kind, resource in (("Training", "training-job"), ("Processing", "processing-job")):
            submitted = f"{jobs}{resource}/sagestack-*-submitted-*"
            assert may[f"sagemaker:Describe{kind}Job"] == {f"{jobs}{resource}/sagestack-*"}
            assert may[f"sagemaker:Create{kind}Job"] == {submitted}
            stream = f"{logs}{kind}Jobs:log-stream:sagestack-*-submitted-*"
            assert stream in may["logs:GetLogEvents"]
        assert may["ssm:GetParametersByPath"] == {
            "arn:aws:ssm:region:account:parameter/sagestack/jobs"
        }
        assert may["ssm:GetParameter"] == {"arn:aws:ssm:region:account:parameter/sagestack/api/url"}
        assert may["s3:GetObject"] == {"BUCKET/*/data/*", "BUCKET/*/evaluations/*"}
        assert may["s3:ListBucket"] == {"BUCKET"}
        assert "s3:PutObject" not in may
        assert may["iam:PassRole"] == {"arn:aws:iam::account:role/sagestack/*"}
        (invoke,) = may["execute-api:Invoke"]
        assert invoke.endswith("/v1/POST/workloads/*/invocations")


def test_other_instances_of_the_app_alone_can_be_stopped(synth: Synth) -> None:
    (policy,) = (
        each
        for each in synth.resources("AWS::IAM::Policy", STACK)
        if "RStudio" in each["Properties"]["PolicyName"]
    )
    (statement,) = (
        statement
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "ec2:StopInstances" in statement["Action"]
    )
    assert statement["Condition"] == {"StringEquals": {"ec2:ResourceTag/app": "sagestack"}}


def test_the_stack_is_complete_when_the_host_says_so(synth: Synth, instance: Resource) -> None:
    assert instance["CreationPolicy"]["ResourceSignal"] == {"Count": 1, "Timeout": "PT30M"}
    (condition,) = synth.resources("AWS::CloudFormation::WaitCondition", STACK)
    assert condition["Properties"]["Count"] == 1
    # it begins to wait before the instance does: it must not be the first to give up
    assert int(condition["Properties"]["Timeout"]) > 30 * 60
    assert init(instance)["configSets"]["default"][-1] == "ready"


def test_every_download_has_its_checksum(instance: Resource) -> None:
    script = user_data(instance)
    assert f"HELPERS_SHA256='{CHECKSUM}'" in script
    commands = json.dumps(init(instance)["rstudio"])
    (url,) = re.findall(r"https://\S+", commands)
    assert f"{url} {CHECKSUM}" in commands
    assert re.search(r"-20\d\d\.\d\d\.\d-\d+-amd64\.deb$", url)


def test_it_is_given_to_cfn_init_as_it_is_in_the_repository(instance: Resource) -> None:
    files = init(instance)["files"]["files"]
    for folder, target in (("host", "/opt/sagestack/host"), ("systemd", "/etc/systemd/system")):
        for path in (ROOT / "dev_host" / folder).glob("*.*"):
            assert files[f"{target}/{path.name}"]["content"] == path.read_text()
    script = (ROOT / "dev_host" / "user-data.sh").read_text()
    assert script.partition("\n")[2] in user_data(instance)


def test_r_and_what_the_workloads_need_is_installed(instance: Resource) -> None:
    packages = init(instance)["packages"]["packages"]["apt"]
    assert packages["r-base-core"] == ["4.3.3-2build2"]
    assert {"r-cran-mda", "r-cran-forecast", "r-cran-reticulate", "docker.io", "git"} <= set(
        packages
    )
    loaded = init(instance)["files"]["files"]["/etc/sagestack/dev-host.json"]["content"]
    assert {"mda", "forecast", "reticulate"} <= set(loaded["r_packages"])


def test_it_stops_at_the_time_of_day(synth: Synth) -> None:
    (schedule,) = synth.resources("AWS::Scheduler::Schedule", STACK)
    properties = schedule["Properties"]
    assert properties["ScheduleExpression"] == "cron(0 20 * * ? *)"
    assert properties["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert "ec2:stopInstances" in json.dumps(properties["Target"]["Arn"])


def test_the_outputs_say_how_to_get_in(synth: Synth) -> None:
    outputs = synth.template(STACK)["Outputs"]
    command = json.dumps(outputs["Connect"]["Value"])
    assert "AWS-StartPortForwardingSession" in command
    assert "8787" in command
    assert {"InstanceId", "PasswordSecret"} <= outputs.keys()


def test_the_image_is_a_build_of_ubuntu_that_cdk_json_names(synth: Synth) -> None:
    (image,) = synth.template(STACK)["Parameters"].values()
    build = json.loads((ROOT / "cdk.json").read_text())["context"]["sagestack:ubuntu-image"]
    assert image["Type"] == "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
    assert image["Default"] == (
        f"/aws/service/canonical/ubuntu/server/24.04/stable/{build}/amd64/hvm/ebs-gp3/ami-id"
    )
    assert re.fullmatch(r"20\d{6}(\.\d+)?", build)


def test_user_data_is_below_what_ec2_takes(instance: Resource) -> None:
    # 16 KB before it is encoded, and the tokens are ARNs and a signed URL
    assert len(base64.b64encode(user_data(instance).encode())) < 12_000


def test_the_notebook_has_no_root_and_no_way_round_the_subnet(synth: Synth) -> None:
    (notebook,) = synth.resources("AWS::SageMaker::NotebookInstance", "sagestack-notebook")
    properties = notebook["Properties"]
    assert properties["RootAccess"] == "Disabled"
    assert properties["DirectInternetAccess"] == "Disabled"
    assert properties["SubnetId"] == "subnet-0a1b2c3d"
    assert "KmsKeyId" in properties


def _written(content: Resource) -> str:
    """A lifecycle script as it arrives, with a word of a region's length for each token."""
    script = content["Fn::Base64"]
    if isinstance(script, str):
        return script
    _, parts = script["Fn::Join"]
    return "".join(part if isinstance(part, str) else "ap-southeast-99" for part in parts)


def test_the_notebooks_metadata_service_answers_by_version_2_alone(synth: Synth) -> None:
    (notebook,) = synth.resources("AWS::SageMaker::NotebookInstance", "sagestack-notebook")
    configuration = notebook["Properties"]["InstanceMetadataServiceConfiguration"]
    assert configuration == {"MinimumInstanceMetadataServiceVersion": "2"}


def test_the_notebooks_disk_is_encrypted_with_the_stacks_key(synth: Synth) -> None:
    (notebook,) = synth.resources("AWS::SageMaker::NotebookInstance", "sagestack-notebook")
    (key,) = (
        name
        for name, resource in synth.template("sagestack-notebook")["Resources"].items()
        if resource["Type"] == "AWS::KMS::Key"
    )
    assert notebook["Properties"]["KmsKeyId"] == {"Fn::GetAtt": [key, "Arn"]}


def test_the_notebooks_scripts_are_those_of_the_repository_and_short_enough(synth: Synth) -> None:
    (lifecycle,) = synth.resources(
        "AWS::SageMaker::NotebookInstanceLifecycleConfig", "sagestack-notebook"
    )
    (notebook,) = synth.resources("AWS::SageMaker::NotebookInstance", "sagestack-notebook")
    assert "Lifecycle" in json.dumps(notebook["Properties"]["LifecycleConfigName"])
    for hook, file in (("OnCreate", "on-create.sh"), ("OnStart", "on-start.sh")):
        (script,) = lifecycle["Properties"][hook]
        written = _written(script["Content"])
        _, _, body = (ROOT / "dev_host" / "notebook" / file).read_text().partition("\n")
        assert written.startswith("#!/bin/bash\n")
        assert written.endswith(body)
        assert len(base64.b64encode(written.encode())) <= 16_384
    (idle_stop,) = re.findall(r"^IDLE_STOP='(.*)'$", written, re.MULTILINE)
    source = (ROOT / "dev_host" / "notebook" / "idle_stop.py").read_bytes()
    assert gzip.decompress(base64.b64decode(idle_stop)) == source
    assert "\nNOTEBOOK='sagestack-dev-host'\nIDLE_MINUTES='60'\n" in written


def test_the_notebooks_role_stops_itself_and_has_no_wildcard(synth: Synth) -> None:
    may = {
        action: on
        for policy in synth.resources("AWS::IAM::Policy", "sagestack-notebook")
        if policy["Properties"]["PolicyName"].startswith("NotebookRole")
        for action, on in allowed_by(policy).items()
    }
    (stopped,) = may["sagemaker:StopNotebookInstance"]
    assert stopped.endswith(":notebook-instance/sagestack-dev-host")
    assert not [action for action, on in may.items() if "*" in action or "*" in on]


def test_the_notebook_stops_at_the_time_of_day(synth: Synth) -> None:
    (schedule,) = synth.resources("AWS::Scheduler::Schedule", "sagestack-notebook")
    target = schedule["Properties"]["Target"]
    assert "sagemaker:stopNotebookInstance" in json.dumps(target["Arn"])
    assert json.loads(target["Input"]) == {"NotebookInstanceName": "sagestack-dev-host"}
