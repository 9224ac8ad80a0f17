"""Who may call the API: roles of IAM, or whoever has a token of an issuer."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import AssetHashType, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from environments.api import ApiSettings, Jwt
from environments.schema import Environment
from stacks.acknowledge import acknowledge
from stacks.functions import LAMBDA, ROOT
from stacks.log_groups import LogGroup, LogKeeping

JWT_LAYER = ROOT / "build" / "jwt-layer.zip"
# A token that expires or is withdrawn is accepted for as long.
REMEMBERED = Duration.minutes(1)
INVOKE_SCOPE = "invoke"
# the scope of tokens that users of the pool get by its API, where no other can be asked for
USER_SCOPE = "aws.cognito.signin.user.admin"


def authentication(api: ApiSettings) -> list[str]:
    """Name what callers prove who they are with, as lambda/proxy/openapi.py does."""
    return [api.authorization, *(["api_key"] if api.keys else [])]


def method_options(
    scope: Construct, environment: Environment, logs: LogKeeping
) -> Mapping[str, Any]:
    """Return what every method asks of a caller, and make in `scope` what that takes."""
    jwt = environment.api.jwt
    options: dict[str, Any] = {"api_key_required": True} if environment.api.keys else {}
    if jwt is None:
        return options | {"authorization_type": apigateway.AuthorizationType.IAM}
    if jwt.cognito:
        pool = UserPool(scope, "Users", environment=environment)
        return options | {
            "authorization_type": apigateway.AuthorizationType.COGNITO,
            "authorizer": pool.authorizer,
            "authorization_scopes": [pool.scope, USER_SCOPE],
        }
    return options | {
        "authorization_type": apigateway.AuthorizationType.CUSTOM,
        "authorizer": apigateway.TokenAuthorizer(
            scope,
            "Tokens",
            handler=TokenFunction(scope, "Authorizer", jwt=jwt, logs=logs),
            results_cache_ttl=REMEMBERED,
            # what is no token at all costs no call of the function
            validation_regex=r"^[Bb]earer [\w-]+\.[\w-]+\.[\w-]+$",
        ),
    }


class UserPool(Construct):
    """A user pool for people and programs: nobody signs up, and the pool's secrets stay in it.

    API Gateway itself verifies its tokens. A program gets one by the client credentials grant,
    with the scope of the API; a person whom you made a user of the pool by the password.
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment) -> None:
        super().__init__(scope, construct_id)
        name = environment.name
        pool = cognito.UserPool(
            self,
            "Pool",
            user_pool_name=name,
            self_sign_up_enabled=False,
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            account_recovery=cognito.AccountRecovery.NONE,
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
            ),
            # people, as data is: destroying the app removes them unless it retains its data
            removal_policy=RemovalPolicy.RETAIN
            if environment.retain_data
            else RemovalPolicy.DESTROY,
        )
        invoke = cognito.ResourceServerScope(
            scope_name=INVOKE_SCOPE, scope_description="Call the API"
        )
        server = pool.add_resource_server("Api", identifier=name, scopes=[invoke])
        self.scope = f"{name}/{INVOKE_SCOPE}"
        # one domain of this name in a region, of all accounts
        domain = f"{name}-{Stack.of(self).account}"
        pool.add_domain("Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=domain))
        programs = pool.add_client(
            "Programs",
            generate_secret=True,
            access_token_validity=Duration.hours(1),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(client_credentials=True),
                scopes=[cognito.OAuthScope.resource_server(server, invoke)],
            ),
        )
        people = pool.add_client(
            "People",
            access_token_validity=Duration.hours(1),
            auth_flows=cognito.AuthFlow(user_password=True, user_srp=True),
            disable_o_auth=True,
            prevent_user_existence_errors=True,
        )
        self.authorizer = apigateway.CognitoUserPoolsAuthorizer(
            self, "Tokens", cognito_user_pools=[pool], results_cache_ttl=REMEMBERED
        )
        stack = Stack.of(self)
        for output, value in (
            ("UserPool", pool.user_pool_id),
            ("ProgramsClient", programs.user_pool_client_id),
            ("PeopleClient", people.user_pool_client_id),
            ("TokenUrl", f"https://{domain}.auth.{stack.region}.amazoncognito.com/oauth2/token"),
        ):
            CfnOutput(stack, output, value=value)
        acknowledge(
            pool,
            {
                "AwsSolutions-COG2": "Whoever adds people to the pool decides on their second "
                "factor; programs have none.",
                "AwsSolutions-COG8": "The Plus plan is paid for by each user; nobody signs up.",
            },
        )


class TokenFunction(lambda_.Function):
    """The function of lambda/authorizer, which verifies the tokens of any issuer.

    Its library comes from package-lock.json and is packed into build/ by the set-up, as boto3 is.
    """

    def __init__(self, scope: Construct, construct_id: str, *, jwt: Jwt, logs: LogKeeping) -> None:
        log_group = LogGroup(scope, f"{construct_id}Logs", keeping=logs)
        description = "Lets in whoever has a token of the issuer"
        role = iam.Role(
            scope,
            f"{construct_id}Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=description,
        )
        log_group.grant_write(role)
        runtime = lambda_.Runtime.NODEJS_24_X
        lock = (ROOT / "package-lock.json").read_bytes()
        super().__init__(
            scope,
            construct_id,
            description=description,
            runtime=runtime,
            handler="index.handle",
            code=lambda_.Code.from_asset(str(LAMBDA / "authorizer")),
            layers=[
                lambda_.LayerVersion(
                    scope,
                    "Jwt",
                    description="aws-jwt-verify, pinned",
                    compatible_runtimes=[runtime],
                    code=lambda_.Code.from_asset(
                        str(JWT_LAYER),
                        asset_hash_type=AssetHashType.CUSTOM,
                        asset_hash=hashlib.sha256(lock).hexdigest(),
                    ),
                )
            ],
            timeout=Duration.seconds(10),
            memory_size=256,
            role=role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            environment={
                "ISSUER": jwt.issuer or "",
                "AUDIENCE": json.dumps(jwt.audience),
                "SCOPES": json.dumps(jwt.scopes),
            },
        )
