"""Each channel is read by a job that can read it."""

import pytest

from tests.settings.project import JOBS, SettingsProject

TRAIN, TEST = 'data.train = { path = "data/iris.csv" }', 'data.test = { path = "data/iris.csv" }'
IMAGE = 'image = { container = "mars" }'
TRAINED = "only in a channel that a model is trained on"
PIPE = ('input_mode = "File"', 'input_mode = "Pipe"')


def channel(text: str, **settings: str) -> str:
    """Add settings to an inline table of a channel."""
    return text.replace(
        " }", "".join(f", {key} = {value}" for key, value in settings.items()) + " }"
    )


MISTAKES = {
    "a manifest in the project": (
        [(TRAIN, channel(TRAIN, s3_data_type='"ManifestFile"'))],
        ['data.train.s3_data_type: found "ManifestFile"; allowed: only with s3 ='],
    ),
    "a key of data that the app encrypts itself": (
        [(TRAIN, channel(TRAIN, kms_key='"arn:aws:kms:eu-west-1:123456789012:key/a-b"'))],
        [
            'data.train.kms_key: found "arn:aws:kms:eu-west-1:123456789012:key/a-b"; '
            "allowed: only with s3 ="
        ],
    ),
    "a key by its alias": (
        [(TRAIN, channel(TRAIN, kms_key='"alias/data"'))],
        [
            'data.train.kms_key: found "alias/data"; '
            'allowed: the ARN of a key, "arn:aws:kms:<region>:<account>:key/..."'
        ],
    ),
    "compressed data that is read as files": (
        [(TRAIN, channel(TRAIN, compression='"Gzip"'))],
        [
            'data.train.compression: found "Gzip"; '
            'allowed: "None" in File mode, in which models.mars reads it'
        ],
    ),
    "wrapped records in a channel of files": (
        [PIPE, (TRAIN, channel(TRAIN, record_wrapper='"RecordIO"', input_mode='"FastFile"'))],
        [
            'data.train.record_wrapper: found "RecordIO"; '
            'allowed: "None" in FastFile mode, in which models.mars reads it'
        ],
    ),
    "compressed data that is evaluated": (
        [(TEST, channel(TEST, compression='"Gzip"'))],
        [
            'data.test.compression: found "Gzip"; '
            'allowed: "None" in the channel of evaluation, which reads files as they are'
        ],
    ),
    "how to train on what is only evaluated": (
        [
            (
                TEST,
                channel(
                    TEST,
                    input_mode='"Pipe"',
                    distribution='"ShardedByS3Key"',
                    record_wrapper='"None"',
                    shuffle_seed="1",
                ),
            )
        ],
        [
            f'data.test.distribution: found "ShardedByS3Key"; allowed: {TRAINED}',
            f'data.test.input_mode: found "Pipe"; allowed: {TRAINED}',
            f'data.test.record_wrapper: found "None"; allowed: {TRAINED}',
            f"data.test.shuffle_seed: found 1; allowed: {TRAINED}",
        ],
    ),
    "a distribution that there is not": (
        [(TRAIN, channel(TRAIN, distribution='"Sharded"'))],
        [
            'data.train.distribution: found "Sharded"; '
            'allowed: "FullyReplicated", "ShardedByS3Key"; did you mean "ShardedByS3Key"?'
        ],
    ),
    "a seed of no integer": (
        [(TRAIN, channel(TRAIN, shuffle_seed="1.5"))],
        ["data.train.shuffle_seed: found 1.5; allowed: an integer from 0 to 2^63 - 1"],
    ),
    "more instances than files to share": (
        [
            (TRAIN, channel(TRAIN, distribution='"ShardedByS3Key"')),
            ("max_runtime = 600", "instance_count = 2"),
        ],
        [
            "models.mars.training.instance_count: found 2; "
            "allowed: at most 1, the number of files of data.train, which they share"
        ],
    ),
    "a channel that there is not": (
        [(IMAGE, f'{IMAGE}\nchannels = ["train", "tset"]')],
        [
            'models.mars.channels[1]: found "tset"; allowed: a key of [data]: train, test, new; '
            'did you mean "test"?'
        ],
    ),
    "a channel twice": (
        [(IMAGE, f'{IMAGE}\nchannels = ["train", "train"]')],
        ['models.mars.channels[1]: found "train" twice; allowed: each once'],
    ),
    "a model that is trained on nothing": (
        [(IMAGE, f"{IMAGE}\nchannels = []")],
        ["models.mars.channels: found a list of 0; allowed: a list of at least one key of [data]"],
    ),
    "data of which all is held out": (
        [(TRAIN, "")],
        [
            "models.mars.channels: found none; "
            "allowed: a table [data.<channel>] beside those of evaluation and transform"
        ],
    ),
    "a channel that nothing reads": (
        [(IMAGE, f'{IMAGE}\nchannels = ["test"]')],
        [
            "data.train: found no model, evaluation or transform that reads it; "
            "allowed: channels that are read"
        ],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    changes, expected = MISTAKES[mistake]
    assert project.workload_problems(*changes, text=JOBS) == expected


def test_a_model_is_trained_on_all_that_is_not_held_out(project: SettingsProject) -> None:
    assert project.load(JOBS).models["mars"].channels == ("train",)
    more = JOBS.replace(TRAIN, f"{TRAIN}\n{TRAIN.replace('train', 'validation')}")
    assert project.load(more).models["mars"].channels == ("train", "validation")


def test_a_model_may_name_what_it_is_trained_on(project: SettingsProject) -> None:
    named = JOBS.replace(IMAGE, f'{IMAGE}\nchannels = ["test", "train"]')
    assert project.load(named).models["mars"].channels == ("test", "train")


def test_a_channel_of_pipe_mode_may_be_compressed(project: SettingsProject) -> None:
    """The mode is the training's, or the channel's own."""
    gzip = channel(TRAIN, compression='"Gzip"')
    assert project.workload_problems(PIPE, (TRAIN, gzip), text=JOBS) == []
    own = channel(gzip, input_mode='"Pipe"', record_wrapper='"RecordIO"')
    assert project.workload_problems((TRAIN, own), text=JOBS) == []


def test_instances_may_share_as_many_files(project: SettingsProject) -> None:
    project.write("workloads/data/more.csv", "Width\n1\n")
    sharded = channel(TRAIN, distribution='"ShardedByS3Key"').replace("/iris.csv", "")
    changes = (TRAIN, sharded), ("max_runtime = 600", "instance_count = 2")
    assert project.workload_problems(*changes, text=JOBS) == []


def test_data_in_s3_may_be_a_manifest_with_its_own_key(project: SettingsProject) -> None:
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    given = f's3 = "s3://b42/manifest", s3_data_type = "ManifestFile", kms_key = "{arn}"'
    train = project.load(JOBS.replace(TRAIN, f"data.train = {{ {given} }}")).data["train"]
    assert (train.s3, train.s3_data_type, train.kms_key) == (
        "s3://b42/manifest",
        "ManifestFile",
        arn,
    )


def test_a_workload_whose_models_are_all_given_needs_no_data(project: SettingsProject) -> None:
    _, rest = JOBS.split("[[variants]]")
    artifact = 'artifact = "s3://b42/model.tar.gz"'
    text = f'name = "iris"\ndescription = "An iris"\n[models.mars]\n{IMAGE}\n{artifact}'
    workload = project.load(f"{text}\n[[variants]]{rest}")
    assert (workload.data, workload.models["mars"].channels) == ({}, ())


@pytest.mark.parametrize(
    "content_type",
    ["text/csv; header=absent", "text/csv;header=absent;charset=utf-8", 'a/b; x="y z"', "a/b"],
)
def test_a_content_type_may_have_parameters(project: SettingsProject, content_type: str) -> None:
    typed = channel(TRAIN, content_type=f"'{content_type}'")
    assert project.load(JOBS.replace(TRAIN, typed)).data["train"].content_type == content_type


@pytest.mark.parametrize("content_type", ["text/csv; header", "text/csv;", "text/csv; a=b c"])
def test_a_content_type_of_another_form_is_reported(
    project: SettingsProject, content_type: str
) -> None:
    typed = channel(TRAIN, content_type=f"'{content_type}'")
    (line,) = project.workload_problems((TRAIN, typed), text=JOBS)
    assert line.startswith(f'data.train.content_type: found "{content_type}"; allowed: a media')
