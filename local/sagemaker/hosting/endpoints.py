"""The operations of endpoints and the states that they go through."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from local.application_autoscaling import targets as scalable_targets
from local.runners import Runner
from local.sagemaker import network, records, tags, volume_keys
from local.sagemaker.errors import already_exists, could_not_find, invalid
from local.sagemaker.hosting.configuration import find_endpoint_config, find_model
from local.sagemaker.hosting.deployment_rules import assert_deployable, assert_same_variants
from local.sagemaker.hosting.endpoint import Endpoint
from local.sagemaker.hosting.metrics import Metrics
from local.sagemaker.hosting.shadows import Shadows
from local.sagemaker.hosting.variant_rules import assert_instances_stay
from local.sagemaker.records import LOCK, Record, arn
from local.sagemaker.roles import RoleSession

logger = logging.getLogger(__name__)

_BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


class Endpoints:
    """CreateEndpoint and its relatives; the running endpoints by ARN."""

    def __init__(self, runner: Callable[[], Runner]) -> None:
        self._runner = runner
        self._metrics = Metrics()
        self.shadows = Shadows()
        self._running: dict[str, Endpoint] = {}
        self._interfaces: dict[str, list[str]] = {}
        """Of each endpoint in a VPC; those of before an update go with the endpoint."""

    def create_endpoint(self, request: Record) -> Record:
        """CreateEndpoint."""
        name = request["EndpointName"]
        endpoint_arn = arn("endpoint", name)
        config, models = _configuration(request["EndpointConfigName"])
        deployment_config = request.get("DeploymentConfig")
        if deployment_config is not None:
            assert_deployable(deployment_config, config, _counts(config, {}))
        interfaces = _attached(endpoint_arn, config, models)
        with LOCK, self._keeping(interfaces, endpoint_arn):
            if name in records.endpoints:
                raise already_exists("endpoint", endpoint_arn)
            endpoint = Endpoint(name, endpoint_arn, self._runner(), self._metrics)
            records.endpoints[name] = endpoint.record
            tags.put(endpoint_arn, request.get("Tags", []))
            self._running[endpoint_arn] = endpoint
            endpoint.deploy(config, models, deployment_config, kept={})
        return {"EndpointArn": endpoint_arn}

    def describe_endpoint(self, request: Record) -> Record:
        """DescribeEndpoint."""
        return self.find(request["EndpointName"]).describe()

    def list_endpoints(self, request: Record) -> Record:
        """ListEndpoints."""
        found, rest = records.page(
            records.endpoints.values(), request, "EndpointName", "EndpointStatus"
        )
        columns = (
            "EndpointName",
            "EndpointArn",
            "CreationTime",
            "LastModifiedTime",
            "EndpointStatus",
        )
        return {"Endpoints": [{c: one[c] for c in columns} for one in found], **rest}

    def update_endpoint(self, request: Record) -> Record:
        """UpdateEndpoint."""
        endpoint_arn = self._settled(request["EndpointName"]).record["EndpointArn"]
        interfaces = _attached(endpoint_arn, *_configuration(request["EndpointConfigName"]))
        with LOCK, self._keeping(interfaces, endpoint_arn):
            endpoint = self._settled(request["EndpointName"])
            # AWS looks the current configuration up as well: one that was deleted stops an update.
            old = find_endpoint_config(endpoint.record["EndpointConfigName"])
            config, models = _configuration(request["EndpointConfigName"])
            assert_instances_stay(old, config)
            scalable_targets.assert_instances_may_change(
                request["EndpointName"], old["ProductionVariants"], config["ProductionVariants"]
            )
            kept = _retained(endpoint, request)
            deployment_config = request.get("DeploymentConfig")
            if deployment_config is None and request.get("RetainDeploymentConfig"):
                deployment_config = endpoint.record.get("LastDeploymentConfig")
            if deployment_config is not None:
                assert_same_variants(old, config)
                assert_deployable(deployment_config, config, _counts(config, kept))
            endpoint.deploy(config, models, deployment_config, kept)
        return {"EndpointArn": endpoint.record["EndpointArn"]}

    def update_endpoint_weights_and_capacities(self, request: Record) -> Record:
        """UpdateEndpointWeightsAndCapacities."""
        with LOCK:
            endpoint = self._settled(request["EndpointName"])
            endpoint.resize(request["DesiredWeightsAndCapacities"])
        return {"EndpointArn": endpoint.record["EndpointArn"]}

    def delete_endpoint(self, request: Record) -> Record:
        """DeleteEndpoint."""
        with LOCK:
            endpoint = self.find(request["EndpointName"])
            if endpoint.record["EndpointStatus"] in _BUSY:
                raise invalid(
                    f'Cannot update in-progress endpoint "{endpoint.record["EndpointArn"]}".'
                )
            endpoint.delete(lambda: self._forget(endpoint.record))
        return {}

    def find(self, name: str) -> Endpoint:
        """Return an endpoint. Raises SageMakerError."""
        endpoint_arn = arn("endpoint", name)
        endpoint = self._running.get(endpoint_arn)
        if endpoint is None:
            raise could_not_find("endpoint", endpoint_arn)
        return endpoint

    def reset(self) -> None:
        """Forget the endpoints; their model servers end meanwhile."""
        for endpoint in self._running.values():
            endpoint.delete(lambda: None)
        self._running.clear()
        self._metrics.reset()
        records.endpoints.clear()

    def _settled(self, name: str) -> Endpoint:
        endpoint = self.find(name)
        status = endpoint.record["EndpointStatus"]
        if status in _BUSY:
            raise invalid(f'Cannot update in-progress endpoint "{endpoint.record["EndpointArn"]}".')
        if status != "InService":
            raise invalid(
                f'Cannot update endpoint "{endpoint.record["EndpointArn"]}" in status {status}.'
            )
        return endpoint

    def _forget(self, record: Record) -> None:
        with LOCK:
            self._running.pop(record["EndpointArn"], None)
            records.endpoints.pop(record["EndpointName"], None)
            scalable_targets.forget_endpoint(record["EndpointName"])
            tags.forget(record["EndpointArn"])
            network.release(self._interfaces.pop(record["EndpointArn"], []))

    @contextmanager
    def _keeping(self, interfaces: list[str], endpoint_arn: str) -> Iterator[None]:
        """Keep an endpoint's network interfaces, or none if what follows raises."""
        try:
            yield
        except BaseException:
            network.release(interfaces)
            raise
        self._interfaces.setdefault(endpoint_arn, []).extend(interfaces)


def _attached(endpoint_arn: str, config: Record, models: Mapping[str, Record]) -> list[str]:
    """Check what the models' roles may do for their machines; make their network interfaces.

    It calls other services, and so never with the lock. Raises SageMakerError.
    """
    interfaces: list[str] = []
    for model in models.values():
        role_arn = model["ExecutionRoleArn"]
        role = RoleSession(role_arn, model["ModelName"])
        volume_keys.assert_granted(config.get("KmsKeyId"), role, role_arn)
        interfaces += network.attach(model.get("VpcConfig"), role, endpoint_arn)
    return interfaces


def _retained(endpoint: Endpoint, request: Record) -> dict[str, Record]:
    """Return the weights and instance counts by variant that an update retains."""
    if not request.get("RetainAllVariantProperties"):
        return {}
    excluded = {
        item["VariantPropertyType"] for item in request.get("ExcludeRetainedVariantProperties", [])
    }
    return {
        variant: {name: value for name, value in properties.items() if name not in excluded}
        for variant, properties in endpoint.current_properties().items()
    }


def _counts(config: Record, kept: Mapping[str, Record]) -> dict[str, int]:
    """Return how many instances each production variant of a configuration is to have."""
    return {
        variant["VariantName"]: kept.get(variant["VariantName"], {}).get(
            "DesiredInstanceCount", variant.get("InitialInstanceCount", 0)
        )
        for variant in config["ProductionVariants"]
    }


def _configuration(name: str) -> tuple[Record, dict[str, Record]]:
    """Return an endpoint configuration and the models of its variants."""
    config = find_endpoint_config(name)
    variants = config["ProductionVariants"] + config.get("ShadowProductionVariants", [])
    return config, {
        variant["VariantName"]: find_model(variant["ModelName"]) for variant in variants
    }
