"""Where data lies is encrypted, versioned, private, and gone with the app unless kept."""

from tests.stacks.conftest import Synth


def test_every_bucket_is_encrypted_versioned_and_private(synth: Synth) -> None:
    buckets = synth.resources("AWS::S3::Bucket")
    assert len(buckets) == 3
    for bucket in buckets:
        properties = bucket["Properties"]
        assert properties["BucketEncryption"]
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    ours = synth.resources("AWS::S3::Bucket", "sagestack-shared")
    assert all(all(b["Properties"]["PublicAccessBlockConfiguration"].values()) for b in ours)


def test_every_bucket_refuses_plain_http(synth: Synth) -> None:
    policies = synth.resources("AWS::S3::BucketPolicy")
    assert len(policies) == len(synth.resources("AWS::S3::Bucket"))
    for policy in policies:
        assert any(
            statement["Effect"] == "Deny"
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        )


def test_the_data_bucket_has_a_key_of_its_own_and_access_logs(synth: Synth) -> None:
    (data,) = (
        bucket["Properties"]
        for bucket in synth.resources("AWS::S3::Bucket", "sagestack-shared")
        if "LoggingConfiguration" in bucket["Properties"]
    )
    (rule,) = data["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    (key,) = synth.resources("AWS::KMS::Key", "sagestack-shared")
    assert key["Properties"]["EnableKeyRotation"] is True


def test_nothing_is_retained_by_default(synth: Synth) -> None:
    # an API Gateway account or a log group with Retain is what a destroy leaves behind
    retained = [
        resource["Type"]
        for template in synth.templates()
        for resource in template["Resources"].values()
        if resource.get("DeletionPolicy", "Delete") not in {"Delete"}
    ]
    assert retained == []


def test_every_function_logs_to_a_group_that_ends_with_its_stack(synth: Synth) -> None:
    functions = synth.resources("AWS::Lambda::Function")
    assert len(functions) >= 8
    assert [
        function["Properties"].get("Description", function["Properties"]["Handler"])
        for function in functions
        if "LogGroup" not in function["Properties"].get("LoggingConfig", {})
    ] == []
    for group in synth.resources("AWS::Logs::LogGroup"):
        assert group["DeletionPolicy"] == "Delete"
        assert group["Properties"]["RetentionInDays"] == 30
