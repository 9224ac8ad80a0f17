"""One tuning job: training jobs, a few at a time, with what the search proposes."""

import math
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from local.sagemaker.job import Ending, Job, JobFailed, Kind
from local.sagemaker.records import LOCK, Record, training_jobs, tuning_jobs
from local.sagemaker.training.operations import Training
from local.sagemaker.tuning.request import hyperband_resource, number_of_jobs, training_job
from local.sagemaker.tuning.results import best, counters, launched_by, objective_value, summary
from local.sagemaker.validation import now

if TYPE_CHECKING:
    from local.sagemaker.tuning.search import Attempt, Search

KIND = Kind("HyperParameterTuningJob", tuning_jobs)
ENOUGH = 5
"""Training jobs without any success after which SageMaker gives a tuning job up."""


class TuningJob(Job):
    """Runs the tuning that `record` describes, and keeps the record current.

    What happens in the training jobs' threads is told to the tuning job's own by `_events`: the
    search and the record are changed there only.
    """

    def __init__(
        self, record: Record, training: Training, tags: list[Record], parents: Sequence[Record]
    ) -> None:
        super().__init__(KIND, record)
        self._config = record["HyperParameterTuningJobConfig"]
        self._training = training
        self._tags = tags
        self._parents = parents
        """Records of the tuning jobs that a warm start learns from."""
        self._launched: list[Record] = []
        self._running: dict[str, Attempt] = {}
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def stop(self) -> None:
        """Ask the job to stop."""
        super().stop()
        self._events.put(lambda: None)  # wakes work()

    def work(self) -> Ending:
        """See Job.work."""
        search = self._search()
        deadline = now() + self._config["ResourceLimits"].get("MaxRuntimeInSeconds", math.inf)
        try:
            while not self._over(deadline):
                self._launch(search)
                self._await_event(deadline)
                self._assert_hope(ENOUGH)
        finally:
            self._stop_training()
        if not self.stopping:
            self._assert_hope(len(self._launched))
        return Ending("Stopped" if self.stopping else "Completed")

    def finish(self, ending: Ending) -> None:
        """See Job.finish."""
        runtime = {"RuntimeInSeconds": round(now() - self.record["CreationTime"])}
        super().finish(Ending(ending.status, {**ending.members, "ConsumedResources": runtime}))

    def _search(self) -> "Search":
        from local.sagemaker.tuning.search import Search  # noqa: PLC0415 - Optuna is slow to load

        search = Search(self._config, hyperband_resource(self.record))
        for parent in self._parents:
            for job in launched_by(parent):
                if (value := objective_value(parent, job)) is not None:
                    search.learn(job["HyperParameters"], value)
        return search

    def _over(self, deadline: float) -> bool:
        finished = len(self._launched) == number_of_jobs(self._config) and not self._running
        return finished or self.stopping or now() > deadline

    def _launch(self, search: "Search") -> None:
        """Start as many training jobs as there may be at once, until the job is to stop."""
        parallel = self._config["ResourceLimits"]["MaxParallelTrainingJobs"]
        number = number_of_jobs(self._config)
        while len(self._running) < parallel and len(self._launched) < number and not self.stopping:
            attempt = search.ask()
            name = f"{self.name}-{len(self._launched) + 1:03d}-{secrets.token_hex(4)}"
            request = training_job(self.record, name, attempt.hyperparameters)
            self._training.begin(
                {**request, "Tags": self._tags},
                heard=partial(self._heard, name),
                ended=lambda job: self._events.put(partial(self._ended, job)),
            )
            self._launched.append(training_jobs[name])
            self._running[name] = attempt
            self._tell()

    def _await_event(self, deadline: float) -> None:
        left = None if deadline == math.inf else max(0.0, deadline - now())
        with suppress(Empty):
            self._events.get(timeout=left)()

    def _heard(self, name: str, metric: str, value: float) -> None:
        objective = self._config["HyperParameterTuningJobObjective"]["MetricName"]
        if metric == objective and math.isfinite(value):
            self._events.put(partial(self._reported, name, value))

    def _reported(self, name: str, value: float) -> None:
        attempt = self._running.get(name)  # None: a line that was read after the job's end
        if attempt is not None and attempt.report(value):
            self._stop_one(name)

    def _ended(self, job: Record) -> None:
        attempt = self._running.pop(job["TrainingJobName"])
        completed = job["TrainingJobStatus"] == "Completed"
        attempt.end(objective_value(self.record, job), completed)
        self._tell()

    def _stop_training(self) -> None:
        """Stop the training jobs that still run; return when they ended."""
        for name in self._running:
            self._stop_one(name)
        while self._running:
            self._events.get()()

    def _stop_one(self, name: str) -> None:
        with LOCK:
            job = training_jobs.get(name)
            if job is not None and job["TrainingJobStatus"] == "InProgress":
                self._training.stop({"TrainingJobName": name})

    def _tell(self) -> None:
        """Have the record show how the training jobs are getting on."""
        own = self._summaries()
        members = counters(own)
        if (found := best(own)) is not None:
            members["BestTrainingJob"] = found
        warm_start = self.record.get("WarmStartConfig", {}).get("WarmStartType")
        if warm_start == "IdenticalDataAndAlgorithm":  # else objectives cannot be compared
            related = [
                {**summary(tuning, job), "TuningJobName": tuning[KIND.member("Name")]}
                for tuning in (self.record, *self._parents)
                for job in launched_by(tuning)
            ]
            if (overall := best(related)) is not None:
                members["OverallBestTrainingJob"] = overall
        self.update(members)

    def _summaries(self) -> list[Record]:
        return [summary(self.record, job) for job in self._launched]

    def _assert_hope(self, enough: int) -> None:
        """Raise JobFailed if `enough` training jobs ended, and none with an objective."""
        ended = [job for job in self._summaries() if job["ObjectiveStatus"] != "Pending"]
        if len(ended) < enough or any(job["ObjectiveStatus"] == "Succeeded" for job in ended):
            return
        if any(job["TrainingJobStatus"] != "Failed" for job in ended):
            raise JobFailed(
                f"No objective metrics found after running {len(ended)} training jobs. Please "
                "ensure that the custom algorithm is emitting the objective metric as defined by "
                "the regular expression provided."
            )
        if enough == ENOUGH:
            raise JobFailed(
                f"No training job succeeded after {ENOUGH} attempts. For additional details, "
                "please take a look at the training job failures by listing training jobs for the "
                "hyperparameter tuning job."
            )
        raise JobFailed(
            "All training jobs failed. Please take a look at the training jobs failures to get "
            "more details."
        )
