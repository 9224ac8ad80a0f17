"""A batch transform is one that SageMaker takes, of a model and a channel that exist."""

import pytest

from tests.settings.project import JOBS, SettingsProject

TRANSFORM, CHANNEL = "[transform]", 'channel = "new"'
LINE, SINGLE, MODEL = 'split_type = "Line"', 'strategy = "SingleRecord"', 'model = "mars"'
DATA_TYPE = 'content_type = "text/csv; header=absent"'

MISTAKES = {
    "a model that there is not": (
        [(MODEL, 'model = "mras"')],
        ['model: found "mras"; allowed: a key of [models]: mars; did you mean "mars"?'],
    ),
    "a channel that there is not": (
        [(CHANNEL, 'channel = "nwe"')],
        ['channel: found "nwe"; allowed: a key of [data]: train, test, new; did you mean "new"?'],
    ),
    "a deploy that transforms nothing": (
        [(CHANNEL, "")],
        ["channel: missing; allowed: a key of [data], for at_deploy = true"],
    ),
    "single records of undivided data": (
        [(LINE, 'split_type = "None"')],
        [
            'strategy: found "SingleRecord"; '
            'allowed: only with a split_type other than "None", which says what a record is'
        ],
    ),
    "a split that there is not": (
        [(LINE, 'split_type = "Lines"')],
        [
            'split_type: found "Lines"; allowed: "Line", "None", "RecordIO", "TFRecord"; '
            'did you mean "Line"?'
        ],
    ),
    "more than 100 MB at a time": (
        [("max_concurrent = 2", "max_concurrent = 3")],
        [
            "max_payload_mb: found 50; "
            "allowed: at most 33, as max_payload_mb * max_concurrent is 100 at most"
        ],
    ),
    "a payload of more than 100 MB": (
        [("max_payload_mb = 50", "max_payload_mb = 101")],
        ["max_payload_mb: found 101; allowed: an integer from 0 to 100 (MB)"],
    ),
    "payloads of any size from lines": (
        [("max_payload_mb = 50", "max_payload_mb = 0")],
        [
            'max_payload_mb: found 0; allowed: 0 only with split_type = "None": '
            "split data is sent in payloads of a size"
        ],
    ),
    "a join of records that SageMaker cannot read": (
        [(LINE, 'split_type = "TFRecord"')],
        [
            'split_type: found "TFRecord"; '
            'allowed: "Line", "None" with join_input, input_filter or output_filter'
        ],
    ),
    "a join of CSV that is in one piece": (
        [(LINE, 'split_type = "None"\nassemble_with = "None"'), (SINGLE, "")],
        [
            f'{key}: found "None"; allowed: "Line" with a join or a filter of CSV'
            for key in ("split_type", "assemble_with")
        ],
    ),
    "a join of pictures": (
        [(TRANSFORM, f'{TRANSFORM}\ncontent_type = "image/png"')],
        [
            'content_type: found "image/png"; allowed: text/csv, application/json, '
            "application/jsonlines with join_input, input_filter or output_filter"
        ],
    ),
    "a join of CSV with JSON": (
        [(TRANSFORM, f'{TRANSFORM}\naccept = "application/json"')],
        [
            'accept: found "application/json"; '
            'allowed: "text/csv", the records\' own type, with a join or a filter'
        ],
    ),
    "a filter that is no JSONPath": (
        [(TRANSFORM, f'{TRANSFORM}\ninput_filter = "[1:]"')],
        ['input_filter: found "[1:]"; allowed: a JSONPath such as "$[1:]", at most 63 characters'],
    ),
    "an invocation of more than an hour": (
        [(TRANSFORM, f"{TRANSFORM}\ninvocation_timeout = 3601")],
        ["invocation_timeout: found 3601; allowed: an integer from 1 to 3600 (seconds)"],
    ),
    "more tries than SageMaker makes": (
        [(TRANSFORM, f"{TRANSFORM}\nmax_retries = 4")],
        ["max_retries: found 4; allowed: an integer from 0 to 3"],
    ),
    "an instance type that only training has": (
        [(TRANSFORM, f'{TRANSFORM}\ninstance_type = "ml.p4d.24xlarge"')],
        [
            'instance_type: found "ml.p4d.24xlarge"; allowed: an instance type of SageMaker batch '
            'transform, such as "ml.m5.large"; did you mean "ml.g4dn.4xlarge"?'
        ],
    ),
    "17 variables": (
        [
            (
                TRANSFORM,
                f"{TRANSFORM}\nenvironment = {{ "
                + ", ".join(f'V{i} = "1"' for i in range(17))
                + " }",
            )
        ],
        ["environment: found a table; allowed: a table of at most 16 keys"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    changes, expected = MISTAKES[mistake]
    assert project.workload_problems(*changes, text=JOBS) == [
        f"transform.{line}" for line in expected
    ]


def test_the_only_model_is_the_transforms(project: SettingsProject) -> None:
    transform = project.load(JOBS.replace(f"{MODEL}\nchannel", "channel")).transform
    assert transform
    assert transform.model == "mars"


def test_a_model_of_several_must_be_named(project: SettingsProject) -> None:
    second = '[models.tree]\nimage = { container = "mars" }\n[evaluation]\n'
    variants = '[[variants]]\nname = "mars"'
    changes = (
        ("[evaluation]\n", second),
        (f"{MODEL}\nchannel", "channel"),
        (variants, f'{variants}\n{MODEL}\n[[variants]]\nname = "tree"\nmodel = "tree"'),
    )
    assert project.workload_problems(*changes, text=JOBS) == [
        "transform.model: missing; allowed: a key of [models]: mars, tree"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], "text/csv; header=absent"),
        ([(f", {DATA_TYPE}", "")], "text/csv"),
        (
            [(TRANSFORM, f'{TRANSFORM}\ncontent_type = "application/jsonlines"')],
            "application/jsonlines",
        ),
    ],
)
def test_the_content_type_is_the_transforms_or_the_channels_or_the_apis(
    project: SettingsProject, changes: list[tuple[str, str]], expected: str
) -> None:
    text = JOBS
    for old, new in changes:
        text = text.replace(old, new)
    transform = project.load(text).transform
    assert transform
    assert transform.content_type == expected


def test_what_is_joined_or_filtered_is_answered_in_the_type_of_the_records(
    project: SettingsProject,
) -> None:
    joined = project.load(JOBS).transform
    plain = project.load(JOBS.replace("join_input = true", "")).transform
    assert joined
    assert plain
    assert (joined.accept, plain.accept) == ("text/csv", None)


def test_a_transform_on_request_needs_no_channel(project: SettingsProject) -> None:
    data = f'data.new = {{ path = "data/iris.csv", {DATA_TYPE} }}\n'
    changes = (data, ""), (CHANNEL, ""), ("at_deploy = true", "at_deploy = false")
    assert project.workload_problems(*changes, text=JOBS) == []


def test_a_payload_of_any_size_is_of_undivided_data(project: SettingsProject) -> None:
    changes = (
        (LINE, 'split_type = "None"'),
        (SINGLE, 'strategy = "MultiRecord"'),
        ("max_payload_mb = 50", "max_payload_mb = 0"),
        ("join_input = true", "join_input = false"),
    )
    assert project.workload_problems(*changes, text=JOBS) == []
