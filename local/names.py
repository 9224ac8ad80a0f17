"""The MiniStack names that this package uses or replaces, checked before anything is started.

MiniStack has no plug-in interface: we add a service to its dictionaries and replace a few private
functions. They may move with any release, hence the exact version and this check.
"""

import importlib
import inspect
from importlib.metadata import version
from typing import Any

MINISTACK_VERSION = "1.5.33"

NAMES = (
    "ministack.app:AUTH",
    "ministack.app:SERVICE_HANDLERS",
    "ministack.app:SERVICE_REGISTRY",
    "ministack.app:_loaded_modules",
    "ministack.app:app",
    "ministack.app:pin_request_origin",
    "ministack.app:_handle_execute_api_request",
    "ministack.app:_parse_execute_api_url",
    "ministack.core.arn:execute_api_arn",
    "ministack.core.concurrency:run_reentrant",
    "ministack.core.concurrency:spawn_background",
    "ministack.core.iam_actions:SERVICE_TO_IAM_NAMESPACE",
    "ministack.core.iam_actions:extract_iam_action",
    "ministack.core.iam_actions:extract_resource_arn",
    "ministack.core.iam_evaluator:EvalContext",
    "ministack.core.iam_evaluator:_request_origin",
    "ministack.core.iam_evaluator:enforce",
    "ministack.core.iam_evaluator:evaluate_resource_policy",
    "ministack.core.lambda_runtime:Worker",
    "ministack.core.lambda_runtime:_PYTHON_WORKER_SCRIPT",
    "ministack.core.lambda_runtime:_workers",
    "ministack.core.responses:AccountRegionScopedDict",
    "ministack.core.responses:_BOTOCORE_NAME",
    "ministack.core.responses:error_response_json",
    "ministack.core.responses:get_account_id",
    "ministack.core.responses:get_region",
    "ministack.core.responses:new_uuid",
    "ministack.core.responses:request_scope",
    "ministack.core.responses:set_request_account_id",
    "ministack.core.responses:set_request_region",
    "ministack.core.router:SERVICE_PATTERNS",
    "ministack.core.router:extract_access_key_id",
    "ministack.services.apigateway_v1:_authorize_request_v1",
    "ministack.services.apigateway_v1:_gateway_error_response",
    "ministack.services.apigateway_v1:_invoke_lambda_custom_v1",
    "ministack.services.apigateway_v1:_invoke_lambda_proxy_v1",
    "ministack.services.apigateway_v1:_stages_v1",
    "ministack.services.apigateway_v1:find_api_scope",
    "ministack.services.apigateway_v1:rest_api_policy_for_arn",
    "ministack.services.cloudformation:_stacks",
    "ministack.services.cloudformation.engine:_parse_template",
    "ministack.services.cloudformation.handlers:_resource_metadata_xml",
    "ministack.services.cloudformation.provisioners:_CUSTOM_NAME_REPLACEMENT",
    "ministack.services.cloudformation.wait_conditions:_waiting",
    "ministack.services.cloudformation.provisioners:_REPLACING_PROPERTIES",
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.provisioners:_STACK_TAG_PROPERTY",
    "ministack.services.cloudformation.wait_conditions:SIGNAL_PATH",
    "ministack.services.cloudwatch:_alarms",
    "ministack.services.cloudwatch:_metrics",
    "ministack.services.cloudwatch_logs:_log_groups",
    "ministack.services.ec2:_ACTION_MAP",
    "ministack.services.ec2:_VPCE_GATEWAY_SERVICES",
    "ministack.services.ec2:_VPCE_INTERFACE_SERVICES",
    "ministack.services.ec2:_flow_logs",
    "ministack.services.ec2:_network_interfaces",
    "ministack.services.ec2:_route_tables",
    "ministack.services.ec2:_DEFAULT_SG_ID",
    "ministack.services.ec2:_DEFAULT_SUBNET_ID",
    "ministack.services.ec2:_DEFAULT_VPC_ID",
    "ministack.services.ec2:_INSTANCE_ID_RE",
    "ministack.services.ec2:_instances",
    "ministack.services.ec2:_security_groups",
    "ministack.services.ec2:_subnets",
    "ministack.services.ec2:_tags",
    "ministack.services.ec2:_volumes",
    "ministack.services.ec2:_vpcs",
    "ministack.services.ecr:_repositories",
    "ministack.services.iam:_instance_profiles",
    "ministack.services.iam:_lookup_instance_profile",
    "ministack.services.iam:_roles",
    "ministack.services.s3:_bucket_tags",
    "ministack.services.s3:_buckets",
    "ministack.services.secretsmanager:_secrets",
    "ministack.services.tagging:_RESOURCE_TAG_COLLECTORS",
    "ministack.services.waf:_associations",
)

SIGNATURES = {
    "ministack.core.iam_actions:verified_access_resource_arns": (
        "(query_params: dict, region: str, account_id: str) -> list[str]"
    ),
    "ministack.core.iam_evaluator:_resolve_condition_key": (
        "(key: str, ctx: ministack.core.iam_evaluator.EvalContext) -> Any"
    ),
    "ministack.core.lambda_runtime:_detect_runtime_binary": "(runtime: str) -> tuple[str, str]",
    "ministack.core.lambda_runtime:_worker_key": (
        "(func_name: str, config: dict, qualifier: str) -> str"
    ),
    "ministack.core.lambda_runtime:kill_workers": "(workers) -> None",
    "ministack.services.apigateway_v1:_GatewayError": "(response_type, message, error_type=None)",
    "ministack.services.apigateway_v1:_call_lambda_raw": (
        "(function_ref, event, *, account_id=None, region=None)"
    ),
    "ministack.services.apigateway_v1:_deny_error": "(explicit)",
    "ministack.services.apigateway_v1:_invoke_mock_v1": "(integration)",
    "ministack.services.apigateway_v1:_update_api_key": "(key_id, data)",
    "ministack.services.cloudformation.custom_resource:deliver_response": (
        "(token: str, response: dict) -> bool"
    ),
    "ministack.services.cloudformation.provisioners:_apigw_method_settings": "(raw)",
    "ministack.services.cloudformation.provisioners:_cfn_wait_condition_definition": (
        "(stack_name: str, logical_id: str) -> dict"
    ),
    "ministack.services.cloudformation.provisioners:_cr_stack_id": "(stack_name: str) -> str",
    "ministack.services.cloudformation.provisioners:_ec2_sg_permissions": "(rules)",
    "ministack.services.cloudformation.provisioners:_physical_name": (
        "(stack_name: str, logical_id: str, *, lowercase: bool = False, max_len: int = 128, "
        "seeded: bool = True) -> str"
    ),
    "ministack.services.cloudformation.provisioners:_sm_secret_string": "(props)",
    "ministack.services.cloudformation.stacks:_topological_sort": (
        "(resources: dict, conditions: dict) -> list"
    ),
    "ministack.services.cloudformation.stacks:_runs_on_worker_thread": (
        "(resource_type: str) -> bool"
    ),
    "ministack.services.cloudformation.wait_conditions:handle_owner": "(token: str) -> str | None",
    "ministack.services.cloudformation.wait_conditions:deliver_signal": (
        "(token: str, payload: dict) -> bool"
    ),
    "ministack.services.cloudformation.wait_conditions:register_slot": (
        "(stack_id: str, url: bool = False) -> str"
    ),
    "ministack.services.cloudformation.wait_conditions:signal_resource": (
        "(stack_id: str, logical_id: str, unique_id: str, status: str) -> bool"
    ),
    "ministack.services.cloudformation.wait_conditions:validate_count": (
        "(value, logical_id: str) -> int"
    ),
    "ministack.services.cloudformation.wait_conditions:validate_resource_signal_timeout": (
        "(value, logical_id: str) -> int"
    ),
    "ministack.services.cloudformation.wait_conditions:wait_for": (
        "(token: str, stack_id: str, stack_name: str, logical_id: str, resource_type: str, "
        "count: int, timeout_s: float) -> dict"
    ),
    "ministack.services.cloudwatch:_calc_stats": "(points)",
    "ministack.services.cloudwatch:_dims_from_list": "(dimensions: list[dict]) -> dict",
    "ministack.services.cloudwatch:_dims_key": "(dims: dict) -> str",
    "ministack.services.cloudwatch:_dispatch_alarm_actions": (
        "(alarm, old_state, new_state, reason)"
    ),
    "ministack.services.cloudwatch:_evaluate_alarm": "(alarm)",
    "ministack.services.cloudwatch:_evaluate_parent_alarms": "(child, seen=frozenset())",
    "ministack.services.cloudwatch:_record_history": (
        "(alarm_name, old_state, new_state, reason, alarm_type='MetricAlarm', reason_data=None)"
    ),
    "ministack.services.cloudwatch:_stat_value": "(stats, stat_name, points=None)",
    "ministack.services.ec2:_create_snapshot": "(p)",
    "ministack.services.ec2:_delete_volume": "(p)",
    "ministack.services.ec2:_eni_fields_xml": "(eni, tag='item')",
    "ministack.services.ec2:_ensure_defaults_initialized": "()",
    "ministack.services.ec2:_error": "(code, message, status)",
    "ministack.services.ec2:_find_active_iam_instance_profile_association": "(instance_id)",
    "ministack.services.ec2:_guess_resource_type": "(resource_id)",
    "ministack.services.ec2:_instance_xml": "(inst)",
    "ministack.services.ec2:_launch_instances_internal": (
        "(image_id, instance_type, subnet_id, count, key_name='', user_data='', sg_ids=None, "
        "requested_private_ip=None, iam_profile=None)"
    ),
    "ministack.services.ec2:_mark_iam_instance_profile_association_disassociated": "(assoc)",
    "ministack.services.ec2:_new_volume_id": "()",
    "ministack.services.ec2:_now_ts": "()",
    "ministack.services.ec2:_p": "(params, key, default='')",
    "ministack.services.ec2:_parse_filters": "(params)",
    "ministack.services.ec2:_parse_member_list": "(params, prefix)",
    "ministack.services.ec2:_volume_inner_xml": "(vol)",
    "ministack.services.ec2:_xml": "(status, root_tag, inner)",
    "ministack.services.ecr:_batch_get_image": "(data)",
    "ministack.services.ecr:_create_repository": "(data)",
    "ministack.services.ecr:_describe_images": "(data)",
    "ministack.services.ecr:_find_image": "(repo_name, image_id)",
    "ministack.services.ecr:_select_registry_request_scope": "(name, headers, query_params)",
    "ministack.services.eventbridge:_cron_next_fire": (
        "(fields, after_dt: datetime.datetime) -> datetime.datetime | None"
    ),
    "ministack.services.eventbridge:_parse_cron_fields": "(expr: str)",
    "ministack.services.eventbridge:_invoke_target": "(target, event, rule, view=None)",
    "ministack.services.kms:_resolve_key": "(key_id_or_arn)",
    "ministack.services.lambda_svc:_emit_lambda_logs": (
        "(func: dict, request_id: str, log_text: str, error: bool, duration_ms: int, *, "
        "log_source: str | None = None) -> None"
    ),
    "ministack.services.lambda_svc:_execute_function_with_config_scope": (
        "(func: dict, event: dict) -> dict"
    ),
    "ministack.services.lambda_svc:acquire_worker": (
        "(func_name: str, config: dict, code_zip: bytes, qualifier: str = '$LATEST', "
        "max_concurrency: int | None = None)"
    ),
    "ministack.services.lambda_svc:release_worker": (
        "(worker: ministack.core.lambda_runtime.Worker) -> None"
    ),
    "ministack.services.lambda_svc:_resolve_layer_zip": "(attachment: str | dict) -> bytes | None",
    "ministack.services.lambda_svc:handle_request": (
        "(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> tuple"
    ),
    "ministack.services.s3:_delete_bucket": "(name: str)",
    "ministack.services.scheduler:_create_schedule": "(name, body)",
    "ministack.services.scheduler:_delete_schedule": "(name, query)",
    "ministack.services.scheduler:_schedule_arn": "(group, name)",
    "ministack.services.scheduler:_update_schedule": "(name, body)",
    "ministack.services.secretsmanager:_get_random_password": "(data)",
    "ministack.services.ssm:_public_parameter": "(name)",
    "ministack.services.stepfunctions:_scaled_sleep": "(seconds)",
    "ministack.services.sts:register_session": "(access_key: str, session: dict) -> None",
    "ministack.services.tagging:resource_tags": "(arn: str) -> dict[str, str] | None",
    "ministack.services.waf:_associate_web_acl": "(data)",
    "ministack.services.waf:_disassociate_web_acl": "(data)",
    "ministack.services.waf:_resolve_local_web_acl": "(web_acl_arn)",
}


def check() -> None:
    """Raise RuntimeError, naming every difference, unless MiniStack is as we know it."""
    problems = []
    installed = version("ministack")
    if installed != MINISTACK_VERSION:
        problems.append(f"ministack {installed} is installed, {MINISTACK_VERSION} is needed")
    problems += [f"{name} does not exist" for name in NAMES if _find(name) is None]
    for name, signature in SIGNATURES.items():
        found = _find(name)
        if found is None:
            problems.append(f"{name} does not exist")
        elif str(inspect.signature(found)) != signature:
            problems.append(f"{name} is {inspect.signature(found)}, not {signature}")
    if problems:
        raise RuntimeError("the embedded AWS cannot start: " + "; ".join(problems))


def _find(name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None
