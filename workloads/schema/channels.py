"""Which jobs read the [data] channels of a workload, and whether each can read it as it is."""

from collections.abc import Iterator, Mapping

from pydantic_core import InitErrorDetails

from workloads.content import files_of
from workloads.schema.data import Channel
from workloads.schema.evaluation import Evaluation
from workloads.schema.model import Model
from workloads.schema.section import not_allowed, problem
from workloads.schema.transform import Transform

Data = Mapping[str, Channel]
TRAINING_ONLY = ("distribution", "input_mode", "record_wrapper", "shuffle_seed")
"""What only the channels of a training job have."""


def unknown(name: str, data: Data, *key: str | int) -> InitErrorDetails:
    """Say that there is no such channel, at the key that names it."""
    there = f"a key of [data]: {', '.join(data) or 'there is none'}"
    return not_allowed(name, there, *key, choices=data)


def with_channels(
    models: Mapping[str, Model],
    data: Data,
    evaluation: Evaluation | None,
    transform: Transform | None,
) -> dict[str, Model]:
    """Train the models that do not name channels on all but those that are held out."""
    held_out = {job.channel for job in (evaluation, transform) if job}
    rest = tuple(name for name in data if name not in held_out)
    return {
        key: model
        if model.channels or model.artifact
        else model.model_copy(update={"channels": rest})
        for key, model in models.items()
    }


def misuses(
    models: Mapping[str, Model],
    data: Data,
    evaluation: Evaluation | None,
    transform: Transform | None,
) -> Iterator[InitErrorDetails]:
    """Yield what cannot be read by the job that is to read it, and what nothing reads."""
    for key, model in models.items():
        if not model.channels and not model.artifact:
            there = "a table [data.<channel>] beside those of evaluation and transform"
            yield problem(f"found none; allowed: {there}", "models", key, "channels")
    for name, channel in data.items():
        trained = {key: model for key, model in models.items() if name in model.channels}
        evaluated = evaluation is not None and evaluation.channel == name
        transformed = transform is not None and transform.channel == name
        if not (trained or evaluated or transformed):
            found = "found no model, evaluation or transform that reads it"
            yield problem(f"{found}; allowed: channels that are read", "data", name)
        elif not trained:
            for key in TRAINING_ONLY:
                if key in channel.model_fields_set:
                    there = "only in a channel that a model is trained on"
                    yield not_allowed(getattr(channel, key), there, "data", name, key)
        if evaluated and channel.compression != "None":
            there = '"None" in the channel of evaluation, which reads files as they are'
            yield not_allowed(channel.compression, there, "data", name, "compression")
        for key, model in trained.items():
            yield from _unreadable(name, channel, key, model)


def _unreadable(name: str, channel: Channel, key: str, model: Model) -> Iterator[InitErrorDetails]:
    """Yield why a training job does not get the channel."""
    # CompressionType and RecordWrapperType of Channel are of Pipe mode only.
    if (mode := channel.input_mode or model.training.input_mode) != "Pipe":
        there = f'"None" in {mode} mode, in which models.{key} reads it'
        for option in ("compression", "record_wrapper"):
            if (value := getattr(channel, option)) != "None":
                yield not_allowed(value, there, "data", name, option)
    if channel.distribution == "ShardedByS3Key" and channel.path is not None:
        files, instances = len(files_of(channel.path)), model.training.instance_count
        if instances > files:
            there = f"at most {files}, the number of files of data.{name}, which they share"
            yield not_allowed(instances, there, "models", key, "training", "instance_count")
