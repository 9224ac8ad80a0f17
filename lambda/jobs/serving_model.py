"""The model that an endpoint serves at this moment: its image and its artifact."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.serving_variants import serving_variants

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True)
class ServingModel:
    """What a container is started from."""

    image: str
    artifact: str

    @classmethod
    def of(cls, serving: Mapping[str, Any], sagemaker: "SageMakerClient") -> "ServingModel | None":
        """Find the model behind the property ServingModel; None where there is none to compare.

        It is that of the variant in VariantNames, or of the heaviest one when there is none of
        these names yet. A Candidate (the name of the job that made it, or its artifact) that
        serves already is nothing to be compared with itself.
        """
        variants = serving_variants(serving["EndpointName"], sagemaker)
        if not variants:
            return None
        names = serving.get("VariantNames", [])
        ours = [each for each in variants if each["VariantName"] in names]
        variant = max(ours or variants, key=lambda each: each.get("InitialVariantWeight", 1.0))
        container = sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]
        model = cls(image=container["Image"], artifact=container["ModelDataUrl"])
        return None if model.is_candidate(serving["Candidate"]) else model

    def is_candidate(self, candidate: str) -> bool:
        """Whether this is the model of the training or tuning job, or the artifact, of that name.

        SageMaker writes a job's to S3OutputPath/<training job>/output/model.tar.gz, and a tuning
        job's training jobs are <tuning job>-<number>-<hash>.
        """
        if candidate.startswith("s3://"):
            return self.artifact == candidate
        folders = self.artifact.split("/")
        return any(folder == candidate or folder.startswith(f"{candidate}-") for folder in folders)
