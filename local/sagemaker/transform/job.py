"""One transform job: its instances, each with a model server and a share of the input objects."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime

from local.runners import Container, Runner
from local.sagemaker import s3_data
from local.sagemaker.hosting.configuration import container_of
from local.sagemaker.job import POLL, ContainerJob, Ending, JobFailed, Kind
from local.sagemaker.logs import LogStream
from local.sagemaker.model_server import ModelServer, UnhealthyError
from local.sagemaker.records import Record, transform_jobs
from local.sagemaker.roles import RoleSession
from local.sagemaker.transform.join import DataProcessing
from local.sagemaker.transform.objects import ObjectFailed, ObjectTransform
from local.sagemaker.validation import now

KIND = Kind("TransformJob", transform_jobs, "/aws/sagemaker/TransformJobs")
STARTUP_TIMEOUT = 1800
"""Seconds to the first healthy ping; SageMaker's batch transform waits for half an hour."""

_STRATEGIES = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}


class TransformJob(ContainerJob):
    """Runs the job that `record` describes, and keeps the record current."""

    def __init__(
        self,
        record: Record,
        model: Record,
        processing: DataProcessing | None,
        role: RoleSession,
        runner: Runner,
    ) -> None:
        super().__init__(KIND, record, role, runner)
        self._model = model
        self._processing = processing

    def work(self) -> Ending:
        """See Job.work."""
        self.update({"TransformStartTime": now()})
        source = self.record["TransformInput"]["DataSource"]["S3DataSource"]
        s3 = self.role.client("s3")
        objects = s3_data.objects_of(source, s3, self._model["ExecutionRoleArn"])
        count = self.record["TransformResources"]["InstanceCount"]
        shares = [objects.shard(n, count) for n in range(min(count, len(objects.keys)))]
        with ThreadPoolExecutor(count) as instances:
            failures = [
                failure
                for failures in instances.map(self._transform, shares)
                for failure in failures
            ]
        if self.stopping:
            return Ending("Stopped")
        if failures:
            # SageMaker's own text ends at the logs; the first failure saves looking there.
            first = failures[0]
            raise JobFailed(f"{first.side}: See job logs for more information. {first}")
        return Ending()

    def _transform(self, share: s3_data.Objects) -> list[ObjectFailed]:
        """Transform the share of one instance; return what failed of it. Raises JobFailed."""
        instance = f"i-{random.getrandbits(64):016x}"
        image = container_of(self._model)["Image"]
        with (
            self._data_log(instance) as log,
            self.container(instance, image, ["serve"], self._environment()) as container,
        ):
            try:
                server = ModelServer(container, self._model)
                server.start(self.role.client("s3"), STARTUP_TIMEOUT, lambda: self.stopping)
                return self._transform_with(server, container, share, log)
            except UnhealthyError as error:
                if self.stopping:
                    return []
                raise JobFailed(f"AlgorithmError: The primary container {error}") from error
            finally:
                container.stop()

    def _transform_with(
        self, server: ModelServer, container: Container, share: s3_data.Objects, log: "DataLog"
    ) -> list[ObjectFailed]:
        # So many requests at once, and no more objects in memory.
        count = self.record["MaxConcurrentTransforms"]
        with ThreadPoolExecutor(count) as requests, ThreadPoolExecutor(count) as workers:
            transform = ObjectTransform(
                self.record,
                self._processing,
                self.role.client("s3"),
                ask=server.invoke,
                requests=requests,
                stopping=lambda: self.stopping,
            )
            running = [
                workers.submit(transform.transform, share.bucket, key, name)
                for name, key in share.keys.items()
            ]
            while wait(running, timeout=POLL).not_done:
                if self.stopping:
                    container.stop()  # cuts the requests that it is answering
        failures = [failure for future in running if (failure := future.result())]
        for failure in failures:
            log.failure(failure)
        return failures

    def _environment(self) -> dict[str, str]:
        return {
            **container_of(self._model).get("Environment", {}),
            **self.record.get("Environment", {}),
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_BATCH_STRATEGY": _STRATEGIES[self.record["BatchStrategy"]],
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(self.record["MaxPayloadInMB"]),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(self.record["MaxConcurrentTransforms"]),
        }

    @contextmanager
    def _data_log(self, instance: str) -> Iterator["DataLog"]:
        name = f"{self.name}/{instance}-{int(now())}/data-log"
        stream = LogStream(self.role.client("logs"), self.kind.log_group, name)
        try:
            log = DataLog(stream)
            log.line(
                f"MaxConcurrentTransforms={self.record['MaxConcurrentTransforms']}, "
                f"MaxPayloadInMB={self.record['MaxPayloadInMB']}, "
                f"BatchStrategy={_STRATEGIES[self.record['BatchStrategy']]}"
            )
            yield log
        finally:
            stream.close()


class DataLog:
    """The log stream in which SageMaker itself says what became of the data of an instance."""

    def __init__(self, stream: LogStream) -> None:
        self._stream = stream

    def line(self, text: str) -> None:
        """Add a line."""
        time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self._stream.line(f"{time}:[sagemaker logs]: {text}")

    def failure(self, failure: ObjectFailed) -> None:
        """Add what failed of an object."""
        for text in (failure.headline, "", "Message:", *failure.message.splitlines()):
            self.line(f"{failure.object}: {text}")
