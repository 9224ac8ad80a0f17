"""What is typed after `make` is read as it was meant, or refused with what is allowed."""

import pytest

from cli import words
from cli.problems import InputError
from local.cdk_cli import ROOT
from workloads.loading import load_settings


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", {}),
        ("degree=1 penalty=3", {"degree": "1", "penalty": "3"}),
        (
            'target="Sepal Length"  formula=a=b empty=',
            {"target": "Sepal Length", "formula": "a=b", "empty": ""},
        ),
    ],
)
def test_hyperparameters_are_read_as_a_shell_would(text: str, read: dict[str, str]) -> None:
    assert words.hyperparameters(text) == read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("degree", 'found "degree" without a value'),
        ("degree=1 degree=2", 'found "degree" twice'),
        ("degree='1", "No closing quotation"),
        ("=1", "a key of 1 to 256 characters"),
        (f"a={'x' * 2501}", "at most 2500 characters"),
    ],
)
def test_hyperparameters_that_sagemaker_would_refuse_are_refused(text: str, told: str) -> None:
    with pytest.raises(InputError, match=r"^SET: ") as error:
        words.hyperparameters(text)
    assert told in str(error.value)


def test_it_waits_unless_told_not_to() -> None:
    assert [words.waits(text) for text in ("", "yes", "no")] == [True, True, False]
    with pytest.raises(InputError, match='WAIT: found "nope"; allowed: yes, no'):
        words.waits("nope")


def test_a_runtime_is_at_most_28_days() -> None:
    assert words.max_runtime("") is None
    assert words.max_runtime("2419200") == 28 * 24 * 3600
    for text in ("0", "2419201", "1h", "-1", "²"):
        with pytest.raises(InputError, match=r"MAX_RUNTIME: found .*1 to 2419200"):
            words.max_runtime(text)


def test_an_unknown_workload_is_answered_with_those_there_are() -> None:
    settings = load_settings(ROOT)
    assert words.workload_named("iris-mars", settings).name == "iris-mars"
    with pytest.raises(InputError, match=r'found "iris-marz"; allowed: .*mean "iris-mars"'):
        words.workload_named("iris-marz", settings)
    with pytest.raises(InputError, match="WORKLOAD: missing; allowed: iris-mars, iris-tuned"):
        words.workload_named("", settings)
