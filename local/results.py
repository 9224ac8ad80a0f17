"""What a deploy left of a workload: its tunings, its metrics on held-out data, its pictures."""

import json
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import ClientError
from rich.console import Console

from cli.account import Account
from cli.jobs import TUNING, Job
from cli.train import deployed_jobs
from cli.tuning import show_trials, trials_of
from workloads.schema import Workload

HELD_OUT = "validation:"
"""What the names of a training job's metrics begin with that are of data held out of it."""

Metrics = dict[tuple[str, str], float]
"""By model and metric."""


class Results:
    """The results of one workload of the app `app`."""

    def __init__(self, account: Account, app: str, workload: Workload) -> None:
        self.workload = workload
        self._account = account
        self._stack = f"{app}-{workload.name}"
        self._outputs = account.outputs(self._stack)

    def metrics(self) -> Metrics:
        """Return those of the evaluation; without one, those of the training jobs' validation."""
        if self.workload.evaluation:
            return {
                (model, name): float(value)
                for model, folder in self._evaluations()
                for name, value in self._evaluation(folder).items()
                if isinstance(value, int | float)
            }
        if "TrainingJobs" not in self._outputs:
            return {}
        return {
            (model, metric["MetricName"].removeprefix(HELD_OUT)): metric["Value"]
            for model, job in deployed_jobs(self._account, self._stack).items()
            for metric in job.get("FinalMetricDataList", [])
            if metric["MetricName"].startswith(HELD_OUT)
        }

    def told(self) -> str | None:
        """Return the metrics on one line; None if there are none."""
        figures = [f"{model} {name} {value:.6g}" for (model, name), value in self.metrics().items()]
        return f"{self.workload.name}: {', '.join(figures)}" if figures else None

    def hyperparameters(self) -> dict[tuple[str, str], str]:
        """Return what was found by tuning, by model and hyperparameter."""
        return {
            (model, name): value
            for model in self._tuned()
            for name, value in json.loads(self._output(model, "HyperParameters")).items()
        }

    def show_tunings(self, console: Console) -> None:
        """Print what each tuning has tried."""
        sagemaker = self._account.sagemaker
        jobs = deployed_jobs(self._account, self._stack) if self._tuned() else {}
        for model in self._tuned():
            tuning = Job(TUNING, jobs[model]["TuningJobArn"].rpartition("/")[2])
            described = tuning.describe(sagemaker)
            assert described is not None, tuning.name
            trials = trials_of(tuning, sagemaker)
            console.print(f"{self._stack}: {len(trials)} models trained, the best one serves")
            show_trials(trials, described, console)

    def image(self) -> str | None:
        """Return the URI of the image that was built for it; None if it uses others' only."""
        sagemaker = self._account.sagemaker
        endpoint = sagemaker.describe_endpoint(EndpointName=self._outputs["EndpointName"])
        config = sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )
        running = config["ProductionVariants"] + config.get("ShadowProductionVariants", [])
        deployed = {variant["VariantName"]: variant["ModelName"] for variant in running}
        for variant in self.workload.all_variants:
            if self.workload.models[variant.model].image.container is not None:
                model = sagemaker.describe_model(ModelName=deployed[variant.name])
                return model["PrimaryContainer"]["Image"]
        return None

    def fetch_reports(self, folder: Path) -> list[Path]:
        """Download the picture of each evaluation that has one, as its bucket is destroyed."""
        fetched = []
        several = len(self.workload.models) > 1
        for model, evaluation in self._evaluations():
            name = f"{self.workload.name}-{model}" if several else self.workload.name
            target = folder / f"{name}-report.png"
            if (picture := self._read(f"{evaluation}/report.png")) is not None:
                folder.mkdir(exist_ok=True)
                target.write_bytes(picture)
                fetched.append(target)
        return fetched

    def _tuned(self) -> list[str]:
        return [name for name, model in self.workload.models.items() if model.tuning]

    def _evaluations(self) -> Iterator[tuple[str, str]]:
        """Yield each model that is evaluated, with the folder of its evaluation."""
        for model in self.workload.models if self.workload.evaluation else ():
            yield model, self._output(model, "Evaluation")

    def _evaluation(self, folder: str) -> dict[str, object]:
        # the output <model>Metrics has six digits of each
        content = self._read(f"{folder}/evaluation.json")
        assert content is not None, f"the quality gate has read {folder}/evaluation.json"
        metrics: dict[str, object] = json.loads(content)["metrics"]
        return metrics

    def _output(self, model: str, what: str) -> str:
        # an output's name begins with the model's, without hyphens and with capitals
        wanted = f"{model.replace('-', '')}{what}".lower()
        return next(value for key, value in self._outputs.items() if key.lower() == wanted)

    def _read(self, s3_uri: str) -> bytes | None:
        bucket, _, key = s3_uri.removeprefix("s3://").partition("/")
        try:
            return self._account.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
