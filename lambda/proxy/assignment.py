"""Which variant a request goes to, where that is for the API to say and not for SageMaker."""

import hashlib
import math
import random
import re
from typing import Protocol

from proxy.errors import InvalidHeaderError

STICKY_HEADER = "X-Sticky-Key"
STICKY_PATTERN = "^[!-~]{1,256}$"
_STICKY = re.compile(STICKY_PATTERN)


class Weighted(Protocol):
    """What there is to choose among."""

    @property
    def name(self) -> str:
        """The variant's name."""

    @property
    def weight(self) -> float:
        """Its share of the requests is weight / sum of weights."""


def sticky_variant(key: str, workload: str, variants: tuple[Weighted, ...]) -> str:
    """Return the variant that this user always meets; raises InvalidHeaderError.

    Weighted rendezvous hashing: each variant draws a number from the hash of the key and its own
    name, and the one with the best of weight / -log(number) wins. The key's other draws do not
    change with a variant's weight, so that a change of weights moves only those users who have to
    move: to what gained, from what lost.
    """
    if not _STICKY.fullmatch(key):
        raise InvalidHeaderError(
            f"{STICKY_HEADER} is not a key: 1 to 256 characters of ASCII without blanks"
        )
    return max(variants, key=lambda variant: _score(variant, workload, key)).name


def variant_by_weight(variants: tuple[Weighted, ...]) -> str:
    """Draw a variant as SageMaker would, for several requests that have to meet the same."""
    weights = [variant.weight for variant in variants]
    return random.choices(variants, weights)[0].name  # noqa: S311 - nobody's secret


def _score(variant: Weighted, workload: str, key: str) -> float:
    digest = hashlib.sha256(f"{workload}\0{variant.name}\0{key}".encode()).digest()
    drawn = (int.from_bytes(digest[:6], "big") + 0.5) / 2**48  # above 0, below 1
    return variant.weight / -math.log(drawn)
