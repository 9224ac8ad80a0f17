"""`make transform`: what the model that serves now answers to a file, a folder or an S3 prefix."""

from rich.console import Console
from rich.filesize import decimal

from cli.account import Account
from cli.answers import assert_folder, fetch
from cli.first_record import first_record
from cli.following import follow, took
from cli.jobs import TRANSFORM, Job, new_name
from cli.problems import InputError, JobFailed
from cli.report import commands, say
from cli.transform_input import LocalInput, assert_has_data
from environments.schema import Environment
from workloads.schema import Transform, Workload


def transform(
    account: Account,
    console: Console,
    *,
    environment: Environment,
    workload: Workload,
    given: str,
    output: str,
    wait: bool,
) -> None:
    """Submit a transform job over `given`: a path of this machine, which is uploaded, or s3://….

    The answers go to the folder `output`, if there is one. Raises InputError if there is no data,
    no [transform] or no endpoint, JobFailed if the job does not complete.
    """
    if output and not wait:
        raise InputError("OUTPUT: found with WAIT=no; allowed: with make logs, when the job ends")
    assert_folder(output)
    settings = _settings(workload)
    local = _checked(given, account)
    if local and (record := first_record(local, workload)):
        say(console, ("first record", record))
    model_name = _serving(account, environment, workload, settings)
    shared = f"{environment.name}-shared"
    bucket = account.outputs(shared)["DataBucket"]
    job = Job(TRANSFORM, new_name(environment.name, workload.name, "transform"))
    folder = f"{workload.name}/transforms"
    if local:
        with console.status(f"uploading {decimal(local.size)}"):
            given = local.upload(account.s3, bucket, f"{folder}/input/{job.name}")
        say(console, ("uploaded", given))
    answers = f"s3://{bucket}/{folder}/{job.name}/"
    account.sagemaker.create_transform_job(
        TransformJobName=job.name,
        Tags=[{"Key": key, "Value": value} for key, value in environment.all_tags.items()],
        **settings.request(
            model_name=model_name,
            s3_uri=given,
            s3_output_path=answers,
            kms_key_id=account.key(shared),
        ),
    )
    say(console, ("submitted", job.name))
    fetching = (("answers", answers), ("fetch them", f"make logs JOB={job.name} OUTPUT=answers"))
    if not wait:
        say(console, *commands(job), *fetching)
        return
    ended = follow(job, account, console)
    if job.status(ended) != "Completed":
        raise JobFailed(job.reason(ended))
    console.print(f"[green]✓[/] Completed in {took(job, ended)} of SageMaker's time")
    if output:
        fetch(account.s3, answers, output, console)
    else:
        say(console, *fetching)


def _settings(workload: Workload) -> Transform:
    if workload.transform is None:
        raise InputError(
            f"workloads/{workload.name}.toml has no table [transform], without which the model's "
            "role may neither read INPUT nor write answers: add it and make deploy"
        )
    return workload.transform


def _checked(given: str, account: Account) -> LocalInput | None:
    """Find the data; None if it is in S3 already. Raises InputError if there is none."""
    if not given:
        raise InputError("INPUT: missing; allowed: a file, a folder or s3://bucket/prefix")
    if not given.startswith("s3://"):
        return LocalInput.find(given)
    assert_has_data(account.s3, given)
    return None


def _serving(
    account: Account, environment: Environment, workload: Workload, settings: Transform
) -> str:
    """Name the SageMaker Model that runs as a variant of the transform's model.

    The endpoint is what counts, not the file: a deploy that was rolled back left another one there.
    """
    stack = f"{environment.name}-{workload.name}"
    endpoint = account.outputs(stack)["EndpointName"]
    sagemaker = account.sagemaker
    name = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    variants = config["ProductionVariants"] + config.get("ShadowProductionVariants", [])
    wanted = {variant.name for variant in workload.all_variants if variant.model == settings.model}
    for variant in variants:
        if variant["VariantName"] in wanted:
            return variant["ModelName"]
    there = ", ".join(variant["VariantName"] for variant in variants)
    raise InputError(
        f"endpoint {endpoint} has the variants {there}, none of models.{settings.model}: "
        "deploy it first, with make deploy"
    )
