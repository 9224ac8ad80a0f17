"""What every synth is checked against: cdk-nag, the CDK's CloudFormation linter, house rules."""

from pathlib import Path

from aws_cdk import App, CloudFormationValidatePlugin, ValidationRuleSource, Validations
from cdk_nag import AwsSolutionsChecks

HOUSE_RULES = Path(__file__).parent / "rules" / "house.guard"


def add_validations(app: App) -> None:
    """Make `app.synth()` fail on any finding that is not acknowledged beside its construct."""
    Validations.of(app).add_plugins(
        AwsSolutionsChecks(app),
        CloudFormationValidatePlugin(
            include_default_rules=False,  # beside the linter's own: the CDK's, on GameLift alone
            guard_rules=[ValidationRuleSource(name="house", content=HOUSE_RULES.read_text())],
        ),
    )
