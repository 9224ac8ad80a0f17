"""Permissions of a role, each wildcard with the reason why no narrower resource would do."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam

from stacks.acknowledge import acknowledge, wildcard_resource


def allow(
    role: iam.Role,
    actions: Sequence[str],
    resource: str,
    *,
    when: Mapping[str, Mapping[str, str]] | None = None,
    because: str | None = None,
) -> None:
    """Allow `role` the `actions` on the ARN `resource`, `when` these conditions hold.

    An ARN with a wildcard needs a reason, `because`: without one cdk-nag fails the synth.
    """
    role.add_to_policy(
        iam.PolicyStatement(actions=list(actions), resources=[resource], conditions=when)
    )
    if because is not None:
        acknowledge(role, {wildcard_resource(role, resource): because})
