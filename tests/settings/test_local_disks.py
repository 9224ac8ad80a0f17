"""Which instances have volumes that a key of KMS can encrypt."""

import pytest

from workloads.schema.local_disks import takes_key
from workloads.schema.sagemaker import enumeration

KINDS = (
    *("TrainingInstanceType", "ProcessingInstanceType", "TransformInstanceType"),
    "ProductionVariantInstanceType",
)


@pytest.mark.parametrize(
    "instance_type",
    [
        *("ml.r5d.large", "ml.p3dn.24xlarge", "ml.g4dn.xlarge", "ml.g5.xlarge", "ml.g6e.xlarge"),
        *("ml.p4d.24xlarge", "ml.p4de.24xlarge", "ml.p5.48xlarge", "ml.p6-b200.48xlarge"),
        *("ml.trn1.2xlarge", "ml.trn2.48xlarge", "ml.dl1.24xlarge", "ml.c6gd.large"),
    ],
)
def test_a_disk_that_encrypts_itself_takes_no_key(instance_type: str) -> None:
    assert not takes_key(instance_type)


@pytest.mark.parametrize(
    "instance_type",
    [
        *("ml.m5.large", "ml.c5n.xlarge", "ml.c7i-flex.xlarge", "ml.p3.2xlarge", "ml.r7i.large"),
        *("ml.t2.medium", "ml.inf1.xlarge", "ml.inf2.xlarge", "ml.c6gn.large"),
    ],
)
def test_every_other_volume_takes_the_apps_key(instance_type: str) -> None:
    assert takes_key(instance_type)


def test_no_family_of_sagemaker_is_unheard_of() -> None:
    """A new one fails here: look it up in EC2's list of instance stores, then add it."""
    families = {name.split(".")[1] for kind in KINDS for name in enumeration(kind)}
    without = {family for family in families if takes_key(f"ml.{family}.large")}
    assert without == {
        *("c4", "c5", "c5n", "c6g", "c6gn", "c6i", "c6in", "c7g", "c7i", "c7i-flex", "c8g"),
        *("c8i", "c8i-flex", "inf1", "inf2", "m4", "m5", "m6g", "m6i", "m7i", "m7i-flex", "m8g"),
        *("m8i", "m8i-flex", "p2", "p3", "r5", "r6g", "r6i", "r7i", "r8g", "r8i", "r8i-flex"),
        *("t2", "t3"),
    }
