"""The four kinds of SageMaker jobs that a stack runs, by their type in the API's words."""

from jobs.kinds.kind import RUNNING, Job, JobError, JobKind
from jobs.kinds.processing import ProcessingJobs
from jobs.kinds.training import TrainingJobs
from jobs.kinds.transform import TransformJobs
from jobs.kinds.tuning import TuningJobs

__all__ = ["KINDS", "RUNNING", "TRAINING_JOBS", "Job", "JobError", "JobKind"]

TRAINING_JOBS = TrainingJobs()
KINDS: dict[str, JobKind] = {
    kind.type: kind for kind in (TuningJobs(), TRAINING_JOBS, ProcessingJobs(), TransformJobs())
}
