"""Where MiniStack 1.5.33 differs from AWS in a way that our stacks can meet, a module per concern.

Each patch says what AWS does and what MiniStack does instead; it can go when a release of MiniStack
does the same as AWS. Two are there for speed: short_waits and stack_waits. `local.names` checks at
start that what is replaced is still there.
"""

from local.patches import (
    alarms,
    authorization,
    buckets,
    cloudformation_queries,
    custom_resources,
    function_logs,
    gateway_access,
    gateway_limits,
    images,
    instance_profiles,
    lambda_layers,
    lambda_runtime,
    lambda_workers,
    log_groups,
    network_interfaces,
    payload_limits,
    public_parameters,
    schedules,
    secrets,
    security_groups,
    short_waits,
    stack_waits,
    wait_conditions,
)
from local.run_directory import RunDirectory


def apply(run: RunDirectory) -> None:
    """Patch the imported MiniStack, before it serves its first request."""
    alarms.apply()
    authorization.apply()
    buckets.apply()
    custom_resources.apply()
    function_logs.apply()
    gateway_access.apply()
    gateway_limits.apply()
    images.apply()
    instance_profiles.apply()
    lambda_layers.apply(run)
    lambda_runtime.apply(run)
    lambda_workers.apply()
    log_groups.apply()
    network_interfaces.apply()
    payload_limits.apply()
    public_parameters.apply()
    cloudformation_queries.apply()
    schedules.apply()
    secrets.apply()
    security_groups.apply()
    short_waits.apply()
    stack_waits.apply()
    wait_conditions.apply()
