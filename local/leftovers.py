"""What a destroyed app left behind, by the real list calls of each service that it uses."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

ClientFactory = Callable[[str], Any]
"""A service's name to its boto3 client."""

_BOOTSTRAP = "CDKToolkit"
_JOB_LOGS = (
    "/aws/sagemaker/TrainingJobs",
    "/aws/sagemaker/ProcessingJobs",
    "/aws/sagemaker/TransformJobs",
)
"""The account's own groups, one for all jobs of a kind: only a stream in it is left by a job."""


def leftovers(client: ClientFactory) -> list[str]:
    """Return what is in the account besides the bootstrap stack, as `service: name` lines.

    For an account that holds nothing else, as the embedded AWS does. What cannot be deleted does
    not count: a KMS key that waits for its deletion, and a transform job that has ended.
    """
    client = cache(client)  # making one takes half a second
    cloudformation = client("cloudformation")
    bootstrap = {
        resource["PhysicalResourceId"]
        for page in cloudformation.get_paginator("list_stack_resources").paginate(
            StackName=_BOOTSTRAP
        )
        for resource in page["StackResourceSummaries"]
    }
    return [
        f"{service}: {name}"
        for service, names in _everything(client)
        for name in names
        if name not in bootstrap
    ]


def _everything(client: ClientFactory) -> Iterator[tuple[str, Iterable[str]]]:
    def listed(service: str, operation: str, path: str) -> Iterable[str]:
        api = client(service)
        pages = (
            api.get_paginator(operation).paginate()
            if api.can_paginate(operation)
            else [getattr(api, operation)()]
        )
        key, _, name = path.partition(".")
        return [item[name] for page in pages for item in page.get(key, [])]

    stacks = listed("cloudformation", "describe_stacks", "Stacks.StackName")
    yield "stack", (name for name in stacks if name != _BOOTSTRAP)
    for service, operation, path in (
        ("s3", "list_buckets", "Buckets.Name"),
        ("ecr", "describe_repositories", "repositories.repositoryName"),
        ("iam", "list_roles", "Roles.RoleName"),
        ("lambda", "list_functions", "Functions.FunctionName"),
        ("lambda", "list_layers", "Layers.LayerName"),
        ("ssm", "describe_parameters", "Parameters.Name"),
        ("stepfunctions", "list_state_machines", "stateMachines.name"),
        ("apigateway", "get_rest_apis", "items.name"),
        ("apigateway", "get_api_keys", "items.name"),
        ("apigateway", "get_usage_plans", "items.name"),
        ("sagemaker", "list_training_jobs", "TrainingJobSummaries.TrainingJobName"),
        (
            "sagemaker",
            "list_hyper_parameter_tuning_jobs",
            "HyperParameterTuningJobSummaries.HyperParameterTuningJobName",
        ),
        ("sagemaker", "list_processing_jobs", "ProcessingJobSummaries.ProcessingJobName"),
        ("sagemaker", "list_models", "Models.ModelName"),
        ("sagemaker", "list_endpoint_configs", "EndpointConfigs.EndpointConfigName"),
        ("sagemaker", "list_endpoints", "Endpoints.EndpointName"),
        ("sagemaker", "list_notebook_instances", "NotebookInstances.NotebookInstanceName"),
        (
            "sagemaker",
            "list_notebook_instance_lifecycle_configs",
            "NotebookInstanceLifecycleConfigs.NotebookInstanceLifecycleConfigName",
        ),
        ("iam", "list_instance_profiles", "InstanceProfiles.InstanceProfileName"),
        ("secretsmanager", "list_secrets", "SecretList.Name"),
        ("scheduler", "list_schedules", "Schedules.Name"),
        ("ec2", "describe_volumes", "Volumes.VolumeId"),
        ("ec2", "describe_vpc_endpoints", "VpcEndpoints.VpcEndpointId"),
        ("ec2", "describe_network_interfaces", "NetworkInterfaces.NetworkInterfaceId"),
        ("ec2", "describe_flow_logs", "FlowLogs.FlowLogId"),
        ("cloudwatch", "describe_alarms", "MetricAlarms.AlarmName"),
    ):
        yield service, listed(service, operation, path)
    pools = client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    yield "cognito-idp", (pool["Name"] for pool in pools)
    acls = client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]
    yield "wafv2", (acl["Name"] for acl in acls)
    scaling = client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    yield "application-autoscaling", (target["ResourceId"] for target in targets)
    ec2 = client("ec2")
    snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    yield "ec2", (snapshot["SnapshotId"] for snapshot in snapshots)
    yield (
        "ec2",
        (
            instance["InstanceId"]
            for page in ec2.get_paginator("describe_instances").paginate()
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"  # EC2 shows it for an hour
        ),
    )
    yield (
        "ec2",
        (
            group["GroupId"]
            for page in ec2.get_paginator("describe_security_groups").paginate()
            for group in page["SecurityGroups"]
            if group["GroupName"] != "default"  # each VPC's own
        ),
    )
    yield "ec2", _of_other_vpcs(ec2)
    for status in ("InProgress", "Stopping"):
        running = client("sagemaker").list_transform_jobs(StatusEquals=status)
        yield "sagemaker", (job["TransformJobName"] for job in running["TransformJobSummaries"])
    logs = client("logs")
    for group in listed("logs", "describe_log_groups", "logGroups.logGroupName"):
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        if group not in _JOB_LOGS or streams:
            yield "logs", [group, *(stream["logStreamName"] for stream in streams)]
    kms = client("kms")
    yield (
        "kms",
        (
            key
            for key in listed("kms", "list_keys", "Keys.KeyId")
            if (metadata := kms.describe_key(KeyId=key)["KeyMetadata"])["KeyManager"] == "CUSTOMER"
            and metadata["KeyState"] != "PendingDeletion"
        ),
    )


def _of_other_vpcs(ec2: Any) -> Iterator[str]:
    """Yield each VPC, but the default one that every region has, its subnets and route tables."""
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        if vpc["IsDefault"]:
            continue
        yield vpc["VpcId"]
        filters = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        for subnet in ec2.describe_subnets(Filters=filters)["Subnets"]:
            yield subnet["SubnetId"]
        for routes in ec2.describe_route_tables(Filters=filters)["RouteTables"]:
            yield routes["RouteTableId"]
