"""What was trained is evaluated, and passes the gate, before anything serves it."""

from typing import Any

from tests.stacks.conftest import Resource, Synth

STACK = "sagestack-everything"
MODELS = ("tuned", "spot-trained", "given")


def _gates(synth: Synth) -> dict[str, tuple[str, dict[str, Any]]]:
    """The gates with their logical ids, by model."""
    return {
        resource["Properties"]["ModelName"]: (logical_id, resource["Properties"])
        for logical_id, resource in synth.template(STACK)["Resources"].items()
        if resource["Type"] == "Custom::SageMakerQualityGate"
    }


def _serving(synth: Synth) -> dict[str, dict[str, Any]]:
    """What says which model now serves, by the model that is to follow it."""
    jobs = [job["Properties"] for job in synth.resources("Custom::SageMakerProcessingJob", STACK)]
    return {
        job["JobNamePrefix"].removeprefix(f"{STACK}-").removesuffix("-serving"): job["ServingModel"]
        for job in jobs
        if "ServingModel" in job
    }


def _model(synth: Synth, name: str) -> Resource:
    models: list[Resource] = [
        resource
        for logical_id, resource in synth.template(STACK)["Resources"].items()
        if resource["Type"] == "AWS::SageMaker::Model"
        and logical_id.startswith(f"Models{name.replace('-', '')}Model")
    ]
    assert len(models) == 1
    return models[0]


def test_the_gate_stands_before_the_model(synth: Synth) -> None:
    gates = _gates(synth)
    assert gates.keys() == set(MODELS)
    for name, (logical_id, _) in gates.items():
        assert logical_id in _model(synth, name)["DependsOn"]


def test_the_gate_has_the_bounds_of_the_settings(synth: Synth) -> None:
    for _, gate in _gates(synth).values():
        assert gate["Bounds"] == {
            "rmse": {"Max": 0.5, "NotWorseThanServing": True, "Tolerance": 0.02},
            "r2": {"Min": 0.6, "NotWorseThanServing": False, "Tolerance": 0},
        }


def test_the_gate_compares_the_two_evaluations_of_its_model(synth: Synth) -> None:
    for name, (_, gate) in _gates(synth).items():
        scope = f"Models{name.replace('-', '')}Evaluation"
        (candidate, attribute) = gate["EvaluationS3Uri"]["Fn::GetAtt"]
        assert candidate.startswith(f"{scope}Candidate")
        assert attribute == "OutputS3Uri"
        (serving, attribute) = gate["ServingEvaluationS3Uri"]["Fn::GetAtt"]
        assert serving.startswith(f"{scope}Serving")
        assert attribute == "OutputS3Uri"


def test_what_serves_is_evaluated_again_for_each_candidate(synth: Synth) -> None:
    serving = _serving(synth)
    assert serving.keys() == set(MODELS)
    assert {each["EndpointName"] for each in serving.values()} == {"sagestack-everything"}
    assert {name: each["VariantNames"] for name, each in serving.items()} == {
        "tuned": ["a", "b"],
        "spot-trained": ["c"],
        "given": ["d"],
    }
    (job, attribute) = serving["tuned"]["Candidate"]["Fn::GetAtt"]
    assert job.startswith("ModelstunedTuningWait")
    assert attribute == "JobName"
    assert serving["given"]["Candidate"] == "s3://other-bucket/best/model.tar.gz"


def test_a_model_trained_elsewhere_is_evaluated_and_served_from_where_it_is(synth: Synth) -> None:
    model = _model(synth, "given")
    artifact = "s3://other-bucket/best/model.tar.gz"
    assert model["Properties"]["PrimaryContainer"]["ModelDataUrl"] == artifact
    (job,) = (
        resource["Properties"]["CreateProcessingJobRequest"]
        for resource in synth.resources("Custom::SageMakerProcessingJob", STACK)
        if resource["Properties"]["JobNamePrefix"] == "sagestack-everything-given-evaluation"
    )
    assert job["ProcessingInputs"][0]["S3Input"]["S3Uri"] == artifact


def test_a_workload_without_evaluation_has_no_gate(synth: Synth) -> None:
    assert synth.resources("Custom::SageMakerQualityGate", "sagestack-a-b") == []
    assert synth.resources("Custom::SageMakerProcessingJob", "sagestack-a-b") == []


def test_the_stack_tells_what_was_found(synth: Synth) -> None:
    outputs = synth.template(STACK)["Outputs"]
    assert outputs.keys() == {
        "EndpointName",
        "TrainingJobs",
        "TunedHyperParameters",
        "TunedObjective",
        *(
            f"{model}{what}"
            for model in ("Tuned", "SpotTrained", "Given")
            for what in ("Metrics", "Evaluation")
        ),
        "TransformOutput",
    }
    objective = outputs["TunedObjective"]["Value"]["Fn::Join"][1]
    assert objective[0] == "validation:rmse = "
    assert objective[1]["Fn::GetAtt"][1] == "ObjectiveValue"
    (best, trained) = outputs["TrainingJobs"]["Value"]["Fn::Join"][1]
    assert best["Fn::GetAtt"][1] == "TrainingJobName"
    assert trained["Fn::GetAtt"][1] == "JobName"
    assert synth.template("sagestack-a-b")["Outputs"].keys() == {"EndpointName", "TrainingJobs"}
