"""What roles and callers may do where IAM is enforced."""

import json
from typing import Any

import boto3

from tests.local.conftest import Account

READ = [
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::iris"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::iris/*"},
    {"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"},
]
WRITE = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::iris/models/*"}
LOG = {
    "Effect": "Allow",
    "Action": "logs:*",
    "Resource": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/TrainingJobs:*",
}


def allow_job(account: Account, *statements: Any) -> None:
    account.aws.client("iam").put_role_policy(
        RoleName="job",
        PolicyName="job",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )


def user(account: Account, name: str, *statements: Any) -> boto3.Session:
    iam = account.aws.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName=name,
        PolicyName=name,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
