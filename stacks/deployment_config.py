"""How an endpoint is updated: which part of its capacity at a time, and what rolls it back."""

from collections.abc import Sequence

from aws_cdk import aws_sagemaker as sagemaker

from workloads.schema import Deployment

Endpoint = sagemaker.CfnEndpoint


def deployment_config(
    settings: Deployment | None, alarm_names: Sequence[str]
) -> Endpoint.DeploymentConfigProperty | None:
    """Write the DeploymentConfig; None where neither a strategy nor alarms are asked for.

    With alarms alone SageMaker updates all at once, and the alarms still roll that back.
    """
    if settings is None and not alarm_names:
        return None
    rolling = settings is not None and settings.strategy == "ROLLING"
    return Endpoint.DeploymentConfigProperty(
        blue_green_update_policy=_blue_green(settings) if settings and not rolling else None,
        rolling_update_policy=_rolling(settings) if settings and rolling else None,
        auto_rollback_configuration=Endpoint.AutoRollbackConfigProperty(
            alarms=[Endpoint.AlarmProperty(alarm_name=name) for name in alarm_names]
        )
        if alarm_names
        else None,
    )


def _blue_green(settings: Deployment) -> Endpoint.BlueGreenUpdatePolicyProperty:
    strategy, step = settings.strategy, _step(settings)
    return Endpoint.BlueGreenUpdatePolicyProperty(
        traffic_routing_configuration=Endpoint.TrafficRoutingConfigProperty(
            type=strategy,
            canary_size=step if strategy == "CANARY" else None,
            linear_step_size=step if strategy == "LINEAR" else None,
            wait_interval_in_seconds=settings.wait,
        ),
        termination_wait_in_seconds=settings.termination_wait,
        maximum_execution_timeout_in_seconds=settings.max_execution_time,
    )


def _rolling(settings: Deployment) -> Endpoint.RollingUpdatePolicyProperty:
    step, rollback = _step(settings), settings.rollback_percent
    assert step is not None, "the settings have one with each strategy but ALL_AT_ONCE"
    return Endpoint.RollingUpdatePolicyProperty(
        maximum_batch_size=step,
        wait_interval_in_seconds=settings.wait,
        maximum_execution_timeout_in_seconds=settings.max_execution_time,
        rollback_maximum_batch_size=_percent(rollback) if rollback is not None else None,
    )


def _step(settings: Deployment) -> Endpoint.CapacitySizeProperty | None:
    if settings.step_percent is not None:
        return _percent(settings.step_percent)
    if settings.step_instances is not None:
        return Endpoint.CapacitySizeProperty(type="INSTANCE_COUNT", value=settings.step_instances)
    return None


def _percent(value: int) -> Endpoint.CapacitySizeProperty:
    return Endpoint.CapacitySizeProperty(type="CAPACITY_PERCENT", value=value)
