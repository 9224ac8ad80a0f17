"""The jobs of one kind, with work that ends when a test says so."""

import threading
from collections.abc import Iterator

import pytest

from local.sagemaker.job import Ending, Job, Kind
from local.sagemaker.jobs import Jobs
from local.sagemaker.records import Record, processing_jobs

KIND = Kind("ProcessingJob", processing_jobs)
TIMEOUT = 120


class Held(Job):
    """A job that goes on, even when it is asked to stop, until it is let go."""

    def __init__(self) -> None:
        super().__init__(
            KIND,
            {
                "ProcessingJobName": "iris",
                "ProcessingJobArn": "arn:iris",
                "ProcessingJobStatus": "InProgress",
            },
        )
        self.let_go = threading.Event()
        self.ended = threading.Event()

    def work(self) -> Ending:
        self.let_go.wait(TIMEOUT)
        return Ending("Stopped" if self.stopping else "Completed")

    def begin(self, jobs: Jobs) -> None:
        """Start it among the jobs of its kind."""

        def ended(_record: Record) -> None:
            self.ended.set()

        jobs.add(self, [], ended)

    def end(self) -> None:
        """Let it go and wait until its end is known."""
        self.let_go.set()
        assert self.ended.wait(TIMEOUT)


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs(KIND)
    yield made
    made.reset()


def test_a_job_that_a_reset_forgot_does_not_take_one_of_its_name_with_it(jobs: Jobs) -> None:
    forgotten, job = Held(), Held()
    forgotten.begin(jobs)
    jobs.reset()
    job.begin(jobs)
    forgotten.end()
    jobs.stop({"ProcessingJobName": "iris"})  # it is the one that runs
    assert job.stopping
    job.end()
    assert jobs.describe({"ProcessingJobName": "iris"})["ProcessingJobStatus"] == "Stopped"
