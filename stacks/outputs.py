"""What a workload's stack tells after a deploy."""

import re
from collections.abc import Mapping

from aws_cdk import CfnOutput, Fn, Stack

from stacks.batch_transform import BatchTransform
from stacks.endpoint import Endpoint
from stacks.trained_model import TrainedModel
from stacks.tuning_job import TuningJob


def add_outputs(
    stack: Stack,
    endpoint: Endpoint,
    models: Mapping[str, TrainedModel],
    transform: BatchTransform | None,
) -> None:
    """Add an output for each thing there is to tell; those of a model begin with its name."""
    CfnOutput(stack, "EndpointName", value=endpoint.name)
    trained = [model.training.training_job_name for model in models.values() if model.training]
    if trained:
        CfnOutput(stack, "TrainingJobs", value=Fn.join(",", trained))
    for name, model in models.items():
        about = "".join(word[0].upper() + word[1:] for word in re.split("-+", name))
        if isinstance(model.training, TuningJob):
            CfnOutput(stack, f"{about}HyperParameters", value=model.training.hyperparameters)
            CfnOutput(stack, f"{about}Objective", value=model.training.objective)
        if model.evaluation:
            CfnOutput(stack, f"{about}Metrics", value=model.evaluation.gate.metrics)
            CfnOutput(stack, f"{about}Evaluation", value=model.evaluation.s3_uri)
    if transform:
        CfnOutput(stack, "TransformOutput", value=transform.s3_uri)
    if endpoint.capture_uri:
        CfnOutput(stack, "DataCapture", value=endpoint.capture_uri)
    if waiting := endpoint.async_inference:
        CfnOutput(stack, "AsyncInput", value=waiting.input_uri)
        for kind, topic in zip(("Success", "Error"), waiting.topics or (), strict=False):
            CfnOutput(stack, f"Async{kind}Topic", value=topic.topic_arn)
