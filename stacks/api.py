"""The HTTP API: API Gateway, and the Lambda proxy to the endpoints.

Who may call it is in stacks.api_authorization, from where in stacks.api_access, and how often in
stacks.api_protection.
"""

import json
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments.api import ROUTES, ApiSettings
from environments.schema import Environment
from stacks.acknowledge import acknowledge
from stacks.answers_later import allow_answering_later
from stacks.api_access import endpoint, error_headers, preflight, resource_policy
from stacks.api_authorization import authentication, method_options
from stacks.api_protection import add_keys, add_web_acl, route_limits, why_no_web_acl
from stacks.functions import Boto3Layer, PythonFunction
from stacks.gateway_responses import add_gateway_responses
from stacks.log_groups import LogGroup
from stacks.permissions import allow
from stacks.shared import SharedStack

STAGE = "v1"

# Who asked for what, and what came of it: no body, and nothing that a header or a query says.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "trace": "$context.xrayTraceId",
    "requestTime": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "caller": "$context.identity.caller",
    "user": "$context.identity.user",
    "principal": "$context.authorizer.principalId",
    "subject": "$context.authorizer.claims.sub",
    "apiKeyId": "$context.identity.apiKeyId",
    "httpMethod": "$context.httpMethod",
    "resourcePath": "$context.resourcePath",
    "protocol": "$context.protocol",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "responseLength": "$context.responseLength",
}


class ApiStack(Stack):
    """The ROUTES, for all workloads.

    The stack imports nothing from them: the proxy reads their entries in the Parameter Store, so
    that a workload comes and goes without a deploy of the API. Requests that are answered later
    lie in the app's bucket.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        shared: SharedStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._logs = shared.logs
        proxy = self._proxy(environment)
        allow_answering_later(proxy.execution_role, environment.name, shared.storage)
        api = self._rest_api(environment)
        # exported here, so that other stacks know its name when they are built
        self.rest_api_id = self.export_value(api.rest_api_id)
        integration = apigateway.LambdaIntegration(proxy)
        for route in ROUTES:
            method, path = route.split()
            api.root.resource_for_path(path).add_method(method, integration)
        add_keys(self, environment.name, environment.api.keys, api.deployment_stage)
        if environment.api.waf is not None:
            add_web_acl(self, environment.name, environment.api.waf, api.deployment_stage)
        # not api.url, which ends in a slash: API Gateway knows no path //workloads
        host = f"{self._host(api, environment.api)}.execute-api.{self.region}.{self.url_suffix}"
        url = f"https://{host}/{STAGE}"
        CfnOutput(self, "ApiUrl", value=url)
        ssm.StringParameter(
            self,
            "Url",
            description=f"Where the API of {environment.name} is",
            parameter_name=f"/{environment.name}/api/url",
            string_value=url,
        )

    @staticmethod
    def _host(api: apigateway.RestApi, settings: ApiSettings) -> str:
        """Return the API's name; a private one's is of its first VPC endpoint.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html
        """
        if settings.private is None:
            return api.rest_api_id
        return f"{api.rest_api_id}-{settings.private.vpc_endpoint_ids[0]}"

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
            environment={
                "CATALOG_PATH": catalog_path,
                "AUTHENTICATION": ",".join(authentication(environment.api)),
                "CORS_ORIGINS": " ".join(environment.api.cors_origins),
            },
            tracing=environment.api.tracing,
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
            endpoint_configuration=endpoint(self, environment.api),
            policy=resource_policy(environment, self.account),
            cloud_watch_role=account_role,
            cloud_watch_role_removal_policy=RemovalPolicy.DESTROY if account_role else None,
            default_method_options=apigateway.MethodOptions(
                **method_options(self, environment, self._logs)
            ),
            default_cors_preflight_options=preflight(environment.api),
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                access_log_destination=apigateway.LogGroupLogDestination(access_logs),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                metrics_enabled=True,
                tracing_enabled=environment.api.tracing,
                throttling_rate_limit=environment.api.throttling_rate_limit,
                throttling_burst_limit=environment.api.throttling_burst_limit,
                method_options=route_limits(environment.api.routes),
            ),
        )
        add_gateway_responses(api, error_headers(environment.api))
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
            },
        )
        if environment.api.waf is None:
            acknowledge(api, {"AwsSolutions-APIG3": why_no_web_acl(environment.api)})
        if environment.api.jwt is None or not environment.api.jwt.cognito:
            who = "Callers are those of IAM, or of an issuer that the environment names."
            acknowledge(api, {"AwsSolutions-COG4": who})
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
