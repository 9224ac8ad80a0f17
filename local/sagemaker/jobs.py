"""The operations that every kind of job has: describe, list, stop and delete."""

from collections.abc import Callable, Sequence

from local.sagemaker import network, records, tags
from local.sagemaker.errors import SageMakerError, in_use, invalid
from local.sagemaker.job import RUNNING, Job, Kind
from local.sagemaker.records import LOCK, Record


class Jobs:
    """The jobs of one kind: their records, and those of them that run."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._running: dict[str, Job] = {}

    def describe(self, request: Record) -> Record:
        """Describe…Job."""
        return dict(self.find(request[self._name]))

    def summaries(
        self, request: Record, columns: Sequence[str], found: Sequence[Record] | None = None
    ) -> Record:
        """List…Jobs, of `found` or else of all: name, ARN, status, times, and these columns."""
        page, rest = records.page(
            list(self.kind.records.values() if found is None else found),
            request,
            self._name,
            self._status,
        )
        shown = (
            *(self._name, self._arn, self._status, self.kind.member("EndTime")),
            *("CreationTime", "LastModifiedTime", "FailureReason", *columns),
        )
        summaries = [{column: job[column] for column in shown if column in job} for job in page]
        return {f"{self.kind.name}Summaries": summaries, **rest}

    def stop(self, request: Record) -> Record:
        """Stop…Job: SIGTERM, and the output of what there is by then."""
        record = self.find(request[self._name])
        with LOCK:
            job = self._running.get(record[self._arn])
            if job is None or record[self._status] not in RUNNING:
                raise invalid(
                    f"The request was rejected because the {self.kind.words} is in status "
                    f"{record[self._status]}."
                )
            job.stop()
        return {}

    def delete(self, request: Record) -> Record:
        """Delete…Job, of a job that ended."""
        record = self.find(request[self._name])
        with LOCK:
            if record[self._status] in RUNNING:
                raise in_use(
                    f"{self.kind.words.capitalize()} {record[self._name]} is in status "
                    f"{record[self._status]} and cannot be deleted"
                )
            self.kind.records.pop(record[self._name], None)
            tags.forget(record[self._arn])
        return {}

    def reset(self) -> None:
        """Forget the jobs; what runs of them ends meanwhile."""
        for job in list(self._running.values()):
            job.stop()
        self._running.clear()
        self.kind.records.clear()

    def find(self, name: str) -> Record:
        """Return a job's record. Raises SageMakerError."""
        record: Record | None = self.kind.records.get(name)
        if record is None:
            raise self.missing(name)
        return record

    def missing(self, name: str) -> SageMakerError:  # noqa: ARG002 - other kinds' words have it
        """Return the error of a job that does not exist."""
        return invalid("Requested resource not found.")

    def arn(self, name: str) -> str:
        """Return the ARN of a job."""
        return records.arn(self.kind.words.replace(" ", "-"), name)

    def add(
        self,
        job: Job,
        given_tags: list[Record],
        ended: Callable[[Record], object] = lambda _record: None,
        interfaces: Sequence[str] = (),
    ) -> None:
        """Store a new job's record and start the job; `ended` is told its record at the end.

        Its network interfaces go with it. Raises SageMakerError if the name is taken.
        """
        record, arn = job.record, job.record[self._arn]
        with LOCK:
            if job.name in self.kind.records:
                network.release(interfaces)
                raise in_use(
                    f"{self.kind.words.capitalize()} names must be unique within an AWS account "
                    f"and region, and a {self.kind.words} with this name already exists ({arn})"
                )
            self.kind.records[job.name] = record
            tags.put(arn, given_tags)
            self._running[arn] = job

        def finished() -> None:
            with LOCK:
                if self._running.get(arn) is job:  # else it is another's, made after a reset
                    del self._running[arn]
            network.release(interfaces)
            ended(record)

        job.start(finished)

    @property
    def _name(self) -> str:
        return self.kind.member("Name")

    @property
    def _arn(self) -> str:
        return self.kind.member("Arn")

    @property
    def _status(self) -> str:
        return self.kind.member("Status")
