"""The HTTP API: API Gateway with IAM authorization, and the Lambda proxy to the endpoints."""

from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments.schema import Environment
from stacks.acknowledge import acknowledge
from stacks.functions import Boto3Layer, PythonFunction
from stacks.log_groups import LogGroup, LogKeeping
from stacks.permissions import allow

STAGE = "v1"
ERROR_BODY = (
    '{"error":{"code":"$context.error.responseType","message":$context.error.messageString}}'
)

# what a body meets that is too large even for the function that would say so
TOO_LARGE_BODY = (
    '{"error":{"code":"body_too_large","message":"the body is too large",'
    '"expected":"at most 5242880 bytes"}}'
)


class ApiStack(Stack):
    """`GET /workloads` and `POST /workloads/{name}/invocations` for all workloads.

    The stack imports nothing from them: the proxy reads their entries in the Parameter Store, so
    that a workload comes and goes without a deploy of the API.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        logs: LogKeeping,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._logs = logs
        proxy = self._proxy(environment)
        api = self._rest_api(environment)
        # exported here, so that other stacks know its name when they are built
        self.rest_api_id = self.export_value(api.rest_api_id)
        integration = apigateway.LambdaIntegration(proxy)
        workloads = api.root.add_resource("workloads")
        workloads.add_method("GET", integration)
        workloads.add_resource("{name}").add_resource("invocations").add_method("POST", integration)
        # not api.url, which ends in a slash: API Gateway knows no path //workloads
        host = f"{api.rest_api_id}.execute-api.{self.region}.{self.url_suffix}"
        url = f"https://{host}/{STAGE}"
        CfnOutput(self, "ApiUrl", value=url)
        ssm.StringParameter(
            self,
            "Url",
            description=f"Where the API of {environment.name} is",
            parameter_name=f"/{environment.name}/api/url",
            string_value=url,
        )

    def _proxy(self, environment: Environment) -> PythonFunction:
        catalog_path = f"/{environment.name}/workloads/"
        proxy = PythonFunction(
            self,
            "Proxy",
            handler="proxy.handler.handle",
            description="Checks a request and passes it to the workload's endpoint",
            layer=Boto3Layer(self, "Boto3"),
            # API Gateway gives up after 29 s; the function lives on to log what it would have said
            timeout=Duration.seconds(30),
            memory_mb=1024,  # a share of a core goes with it: 5 MB of CSV in under a second
            logs=self._logs,
            environment={"CATALOG_PATH": catalog_path},
        )
        allow(
            proxy.execution_role,
            ["ssm:GetParametersByPath"],
            self.format_arn(
                service="ssm", resource="parameter", resource_name=catalog_path.strip("/")
            ),
        )
        allow(
            proxy.execution_role,
            ["sagemaker:InvokeEndpoint"],
            self.format_arn(
                service="sagemaker", resource="endpoint", resource_name=f"{environment.name}-*"
            ),
            because="Workloads come and go without a deploy of the API.",
        )
        return proxy

    def _rest_api(self, environment: Environment) -> apigateway.RestApi:
        # one for all APIs of the account and region, so an account may have it from elsewhere
        account_role = environment.api.account_logging_role
        access_logs = LogGroup(self, "AccessLogs", keeping=self._logs)
        api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=environment.name,
            description=f"Predictions of the workloads of {environment.name}",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=account_role,
            cloud_watch_role_removal_policy=RemovalPolicy.DESTROY if account_role else None,
            default_method_options=apigateway.MethodOptions(
                authorization_type=apigateway.AuthorizationType.IAM
            ),
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                access_log_destination=apigateway.LogGroupLogDestination(access_logs),
                access_log_format=apigateway.AccessLogFormat.json_with_standard_fields(
                    caller=True,
                    http_method=True,
                    ip=True,
                    protocol=True,
                    request_time=True,
                    resource_path=True,
                    response_length=True,
                    status=True,
                    user=True,
                ),
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                metrics_enabled=True,
                throttling_rate_limit=environment.api.throttling_rate_limit,
                throttling_burst_limit=environment.api.throttling_burst_limit,
            ),
        )
        for name, response_type, body in (
            ("Default4xx", apigateway.ResponseType.DEFAULT_4_XX, ERROR_BODY),
            ("Default5xx", apigateway.ResponseType.DEFAULT_5_XX, ERROR_BODY),
            ("TooLarge", apigateway.ResponseType.REQUEST_TOO_LARGE, TOO_LARGE_BODY),
        ):
            api.add_gateway_response(name, type=response_type, templates={"application/json": body})
        # API Gateway would make this group itself, without an end
        api.deployment_stage.node.add_dependency(
            LogGroup(
                self,
                "ExecutionLogs",
                keeping=self._logs,
                name=f"API-Gateway-Execution-Logs_{api.rest_api_id}/{STAGE}",
            )
        )
        acknowledge(
            api,
            {
                "AwsSolutions-APIG2": "The proxy checks a request against its workload's schema.",
                "AwsSolutions-APIG3": "Only callers of this account that IAM authorizes get in; a "
                "web ACL costs more than the API and is the account's own choice.",
                "AwsSolutions-COG4": "IAM authorizes each method: callers are programs with roles.",
            },
        )
        if account_role:
            acknowledge(
                api,
                {
                    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
                    "AmazonAPIGatewayPushToCloudWatchLogs]": "The account's role for API "
                    "Gateway's logs, for which AWS documents this policy.",
                },
            )
        return api
