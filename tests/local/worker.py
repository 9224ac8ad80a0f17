"""An account with an image that processes and transforms, and what the tests of both ask of it."""

import io
import tarfile
from pathlib import Path
from typing import Any

from local.run_directory import processes_of
from local.runners import images
from tests.local.conftest import IMAGE as GREETER
from tests.local.conftest import RUNNING, Account, settled

CONTAINER = Path(__file__).with_name("worker_container")
IMAGE = GREETER.replace(":1", ":worker")


class Worker:
    """Processing and transform jobs with the image of CONTAINER."""

    def __init__(self, account: Account, *, image: str = IMAGE) -> None:
        self.account = account
        self.sagemaker = account.sagemaker
        self.image = image
        account.s3.create_bucket(Bucket="work")
        if image == IMAGE:
            images.push(CONTAINER, account.aws.endpoint_url, images.Reference.parse(IMAGE))

    def put(self, **objects: str | bytes) -> None:
        """Store objects; `__` in a name is a slash, `_` a dot."""
        for name, body in objects.items():
            key = name.replace("__", "/").replace("_", ".")
            self.account.s3.put_object(Bucket="work", Key=key, Body=body)

    def stored(self, prefix: str) -> dict[str, str]:
        """The objects below a prefix, without the prefix in their names."""
        listed = self.account.s3.list_objects_v2(Bucket="work", Prefix=prefix).get("Contents", [])
        return {
            item["Key"].removeprefix(prefix): self.account.s3.get_object(
                Bucket="work", Key=item["Key"]
            )["Body"]
            .read()
            .decode()
            for item in listed
        }

    def processing(self, name: str, do: str = "", **change: Any) -> dict[str, Any]:
        """A request of CreateProcessingJob."""
        return {
            "ProcessingJobName": name,
            "AppSpecification": {"ImageUri": self.image, "ContainerArguments": ["process"]},
            "RoleArn": self.account.role,
            "ProcessingInputs": [processing_input("rows", "s3://work/rows")],
            "ProcessingOutputConfig": {"Outputs": [processing_output(f"s3://work/{name}/")]},
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": 1,
                    "VolumeSizeInGB": 10,
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **({"Environment": {"DO": do}} if do else {}),
            **change,
        }

    def process(self, name: str, do: str = "", **change: Any) -> dict[str, Any]:
        """Run a processing job to its end."""
        self.sagemaker.create_processing_job(**self.processing(name, do, **change))
        return self.processed(name)

    def processed(self, name: str) -> dict[str, Any]:
        """The description of a processing job, once it ended."""
        return self._ended("Processing", name)

    def model(self, name: str, **environment: str) -> str:
        """Make a model; return its name."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz"):
            pass
        self.put(model_tar_gz=archive.getvalue())
        self.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=self.account.role,
            PrimaryContainer={
                "Image": self.image,
                "ModelDataUrl": "s3://work/model.tar.gz",
                "Environment": environment,
            },
        )
        return name

    def transforming(
        self,
        name: str,
        uri: str,
        *,
        model: str = "counter",
        given: dict[str, Any] | None = None,
        source: dict[str, Any] | None = None,
        target: dict[str, Any] | None = None,
        instances: int = 1,
    ) -> dict[str, Any]:
        """A request of CreateTransformJob."""
        data_type = "ManifestFile" if uri.endswith("manifest") else "S3Prefix"
        return {
            "TransformJobName": name,
            "ModelName": model,
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": data_type, "S3Uri": uri}},
                "ContentType": "text/csv",
                "SplitType": "Line",
                **(source or {}),
            },
            "TransformOutput": {
                "S3OutputPath": f"s3://work/out/{name}/",
                "AssembleWith": "Line",
                **(target or {}),
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": instances},
            **(given or {}),
        }

    def transform(self, name: str, uri: str, **change: Any) -> dict[str, Any]:
        """Run a transform job to its end."""
        self.sagemaker.create_transform_job(**self.transforming(name, uri, **change))
        return self.transformed(name)

    def transformed(self, name: str) -> dict[str, Any]:
        """The description of a transform job, once it ended."""
        return self._ended("Transform", name)

    def running(self, container: str) -> tuple[bool, bool]:
        """Whether a container's name has processes, and whether it has a folder."""
        (run,) = self.account.aws.state.resolve().glob("run-*")
        commands = [Path(f"/proc/{pid}/cmdline") for pid in processes_of(run)]
        has_processes = any(
            container.encode() in command.read_bytes() for command in commands if command.exists()
        )
        return has_processes, any((run / "containers").glob(f"{container}*"))

    def log(self, kind: str, name: str) -> dict[str, list[str]]:
        """The streams of a job: their names without the job's, and their lines."""
        return self.account.streams(f"/aws/sagemaker/{kind}Jobs", f"{name}/")

    def _ended(self, kind: str, name: str) -> dict[str, Any]:
        describe = getattr(self.sagemaker, f"describe_{kind.lower()}_job")
        return settled(
            lambda: describe(**{f"{kind}JobName": name}),
            lambda job: job[f"{kind}JobStatus"] not in RUNNING,
        )


def processing_input(name: str, uri: str, **change: str) -> dict[str, Any]:
    """An item of ProcessingInputs."""
    source = {
        "S3Uri": uri,
        "LocalPath": f"/opt/ml/processing/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        **change,
    }
    return {"InputName": name, "S3Input": source}


def processing_output(uri: str, **change: str) -> dict[str, Any]:
    """An item of Outputs."""
    target = {
        "S3Uri": uri,
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
        **change,
    }
    return {"OutputName": "output", "S3Output": target}
