"""What is typed after `make` is read as it was meant, or refused with what is allowed."""

import pytest

from cli import words
from cli.problems import InputError
from environments.loading import Settings, load_settings
from local.cdk_cli import ROOT


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


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Those of the project, with two workloads, however many it has by now."""
    loaded = load_settings(ROOT)
    workloads = [each for each in loaded.workloads if each.name in ("iris-mars", "iris-tuned")]
    return Settings(loaded.environment, tuple(workloads))


def test_an_unknown_workload_is_answered_with_those_there_are(settings: Settings) -> None:
    assert words.workload_named("iris-mars", settings).name == "iris-mars"
    with pytest.raises(InputError, match=r'found "iris-marz"; allowed: .*mean "iris-mars"'):
        words.workload_named("iris-marz", settings)
    with pytest.raises(InputError, match=r"WORKLOAD: missing; allowed: iris-mars, iris-tuned$"):
        words.workload_named("", settings)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("iris-tuned", ["iris-tuned"]),
        ("iris-tuned iris-mars", ["iris-mars", "iris-tuned"]),
        (" iris-tuned,iris-mars , iris-tuned\t", ["iris-mars", "iris-tuned"]),
        ("all", ["iris-mars", "iris-tuned"]),
        ("iris-mars all", ["iris-mars", "iris-tuned"]),
        ("", ["iris-mars", "iris-tuned"]),
        (" , ", ["iris-mars", "iris-tuned"]),
    ],
)
def test_workloads_are_separated_by_blanks_or_commas(
    settings: Settings, text: str, read: list[str]
) -> None:
    assert [each.name for each in words.workloads_named(text, settings)] == read


@pytest.mark.parametrize(
    ("default", "read"),
    [
        (("iris-tuned",), ["iris-tuned"]),
        (("iris-tuned", "tulips"), ["iris-tuned"]),
        (("tulips",), ["iris-mars", "iris-tuned"]),
    ],
)
def test_without_a_word_it_is_what_there_is_of_the_default_else_all(
    settings: Settings, default: tuple[str, ...], read: list[str]
) -> None:
    assert [each.name for each in words.workloads_named("", settings, default=default)] == read


@pytest.mark.parametrize("text", ["iris-marz", "iris-tuned,iris-marz", "all iris-marz"])
def test_one_workload_of_several_that_is_unknown_is_one_sentence_with_those_there_are(
    settings: Settings, text: str
) -> None:
    with pytest.raises(InputError) as error:
        words.workloads_named(text, settings)
    there = "allowed: all, iris-mars, iris-tuned"
    told = f'WORKLOADS: found "iris-marz"; {there}; did you mean "iris-mars"?'
    assert str(error.value) == told
