"""Every combination of ways to serve loads or is refused, as AWS's documentation has it.

What is documented is written down here a second time, apart from workloads/schema/serving_rules.py.
"""

from collections.abc import Iterator
from dataclasses import fields

from tests.serving.matrix import Served, every, lines
from workloads.schema import Workload


def refusals(served: Served) -> Iterator[str]:
    """Why SageMaker or Application Auto Scaling would not do it, or not what it looks like.

    The pages are those of docs.aws.amazon.com/sagemaker/latest/dg/.
    """
    serverless = served.kind == "serverless"
    asynchronous = served.kind == "asynchronous"
    # serverless-endpoints: "Feature exclusions"
    if serverless and served.variants > 1:
        yield "several serverless variants"
    if serverless and served.isolated:
        yield "an isolated serverless variant"
    if serverless and served.capture:
        yield "captured data of a serverless variant"
    # deployment-guardrails: only for real-time and asynchronous endpoints
    if serverless and served.guard != "none":
        yield "a guarded update of a serverless variant"
    # deployment-guardrails-exclusions
    if served.guard == "ROLLING" and (served.variants > 1 or served.shadow):
        yield "a rolling update of several variants"
    # shadow-tests-exclusions; shadow-tests-create: "a maximum of one production variant"
    if served.shadow and (serverless or asynchronous or served.variants > 1):
        yield "a shadow variant beside what has none"
    # InvokeEndpointAsync has no TargetVariant, and its requests and answers are objects anyway
    if asynchronous and (served.variants > 1 or served.capture):
        yield "an asynchronous endpoint of several variants, or captured"
    if served.scaling == "none":
        return
    # endpoint-auto-scaling-prerequisites, endpoint-auto-scaling-add-console
    if served.burstable:
        yield "burstable instances that are scaled"
    # endpoint-auto-scaling-zero-instances and async-inference-autoscale: 0 is for these alone
    if served.scaling == "to nothing" and not asynchronous:
        yield "nothing that answers"
    # steps are by InvocationsPerInstance: async-inference-autoscale scales by the backlog,
    # serverless-endpoints-autoscale by the utilization
    if served.scaling == "steps" and (serverless or asynchronous):
        yield "steps of what has no invocations per instance"


def test_every_combination_loads_or_is_refused_as_documented() -> None:
    wrong = []
    for served in every():
        why, found = list(refusals(served)), lines(served)
        if bool(why) != bool(found):
            wrong.append((served, why, found))
    assert wrong == []


def test_every_refusal_says_what_was_found_and_what_is_allowed() -> None:
    said = {line for served in every() for line in lines(served)}
    assert said
    for line in said:
        key, _, sentence = line.partition(": ")
        assert key.split(".")[0] in Workload.model_fields, line
        assert sentence.startswith(("found ", "missing")), line
        assert "; allowed: " in line
        assert "\n" not in line


def test_each_way_to_serve_is_possible() -> None:
    """Nothing is refused whatever it is combined with."""
    possible = [served for served in every() if not lines(served)]
    for field in fields(Served):
        used = {getattr(served, field.name) for served in possible}
        assert used == {getattr(served, field.name) for served in every()}, field.name
