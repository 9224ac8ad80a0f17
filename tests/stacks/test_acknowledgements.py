"""Every finding of the checks is acknowledged once, beside its construct, with a reason."""

from tests.stacks.conftest import Synth


def _covers(acknowledged: str, construct: str) -> bool:
    return construct == acknowledged or construct.startswith(f"{acknowledged}/")


def test_each_finding_is_acknowledged_beside_its_construct(synth: Synth) -> None:
    open_findings = {
        (construct, finding)
        for construct, finding in synth.findings
        if not any(
            finding == id_ and _covers(path, construct) for path, id_, _ in synth.acknowledgements
        )
    }
    assert not open_findings


def test_no_acknowledgement_is_unknown_or_stale(synth: Synth) -> None:
    without_finding = {
        (path, id_)
        for path, id_, _ in synth.acknowledgements
        if not any(
            id_ == finding and _covers(path, construct) for construct, finding in synth.findings
        )
    }
    assert not without_finding


def test_each_acknowledgement_gives_a_reason(synth: Synth) -> None:
    assert not [
        (path, id_) for path, id_, reason in synth.acknowledgements if len(reason.split()) < 4
    ]


def test_no_acknowledgement_covers_a_whole_stack_of_ours(synth: Synth) -> None:
    # the staging stack is the synthesizer's own, without constructs that we could name
    whole = {path for path, _, _ in synth.acknowledgements if "/" not in path}
    assert {path for path in whole if not path.startswith("StagingStack")} == set()
