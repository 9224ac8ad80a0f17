"""The channels of a training job: what they may be, and how each reaches a program."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local.sagemaker import s3_data
from local.sagemaker.background import Background
from local.sagemaker.errors import invalid, not_supported
from local.sagemaker.records import Record
from local.sagemaker.s3_data import Objects
from local.sagemaker.training.pipes import Pipe


def assert_supported(channels: Sequence[Record], default_mode: str) -> None:
    """Raise SageMakerError for channels that SageMaker refuses or that cannot be had here."""
    names = [channel["ChannelName"] for channel in channels]
    if len(set(names)) < len(names):
        raise invalid("Duplicate channel names in InputDataConfig")
    for channel in channels:
        source = channel["DataSource"].get("S3DataSource")
        if source is None:
            raise not_supported("data sources other than S3")
        if source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
            raise not_supported(f"S3DataType {source['S3DataType']}")
        for member in ("InstanceGroupNames", "ModelAccessConfig", "HubAccessConfig"):
            if source.get(member):
                raise not_supported(f"S3DataSource.{member}")
        for member in ("CompressionType", "RecordWrapperType"):
            if channel.get(member, "None") != "None" and _mode(channel, default_mode) != "Pipe":
                raise invalid(
                    f"{member} {channel[member]} of channel {channel['ChannelName']} is only for "
                    "Pipe input mode"
                )
        s3_data.split(source["S3Uri"])


def assert_readable(channels: Sequence[Record], s3: Any, role_arn: str) -> None:
    """Raise SageMakerError unless each channel has objects that the role can list."""
    for channel in channels:
        s3_data.objects_of(channel["DataSource"]["S3DataSource"], s3, role_arn)


def described(channels: Sequence[Record], default_mode: str) -> Record:
    """Return what inputdataconfig.json says of the channels."""
    return {
        channel["ChannelName"]: {
            **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            "TrainingInputMode": _mode(channel, default_mode),
            "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                "S3DataDistributionType", "FullyReplicated"
            ),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        }
        for channel in channels
    }


class Channel:
    """One channel of one job, whose objects are known."""

    def __init__(self, channel: Record, default_mode: str, s3: Any, role_arn: str) -> None:
        """List the objects. Raises SageMakerError if there is nothing to read."""
        source = channel["DataSource"]["S3DataSource"]
        self._name: str = channel["ChannelName"]
        self._mode = _mode(channel, default_mode)
        self._gzipped = channel.get("CompressionType") == "Gzip"
        self._recordio = channel.get("RecordWrapperType") == "RecordIO"
        self._seed: int | None = channel.get("ShuffleConfig", {}).get("Seed")
        self._sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
        self._s3 = s3
        self._objects = s3_data.objects_of(source, s3, role_arn)

    def provide(self, data: Path, number: int, count: int) -> list[Background]:
        """Give instance `number`, from 0, of `count` its data below its /opt/ml/input/data.

        Returns what streams it in Pipe mode. FastFile mode, which on SageMaker reads from S3 what
        the program reads, is here all files at once, like File mode.
        """
        path = data / self._name
        if self._mode != "Pipe":
            self._share(self._objects, number, count).download(self._s3, path)
            return []
        return [
            Pipe(
                path,
                lambda epoch: self._share(self._shuffled(epoch), number, count),
                self._s3,
                gzipped=self._gzipped,
                recordio=self._recordio,
            )
        ]

    def _shuffled(self, epoch: int) -> Objects:
        """Return the objects in an epoch's order, the same one on every instance."""
        if self._seed is None:
            return self._objects
        items = list(self._objects.keys.items())
        random.Random(f"{self._seed}-{epoch}").shuffle(items)  # noqa: S311 - data, not a secret
        return Objects(self._objects.bucket, dict(items))

    def _share(self, objects: Objects, number: int, count: int) -> Objects:
        return objects.shard(number, count) if self._sharded else objects


def _mode(channel: Record, default_mode: str) -> str:
    return str(channel.get("InputMode", default_mode))
