"""The two fleets of an update, and which of them has which requests."""

import threading
from collections.abc import Callable
from fractions import Fraction

from local.sagemaker.hosting.deployment_plan import Plan, Shares
from local.sagemaker.hosting.fleet import Fleet, Route


class Update:
    """What a rollout does to the two fleets of an endpoint; the old one is missing at first."""

    def __init__(
        self,
        old: Fleet | None,
        new: Fleet,
        plan: Plan,
        route: Callable[[tuple[Route, ...]], None],
        cancelled: threading.Event,
    ) -> None:
        self._old = old
        self._new = new
        self._plan = plan
        self._route = route
        self._cancelled = cancelled

    def start(self) -> None:
        """See Traffic.start."""
        self._new.start(self._cancelled, self._old)

    def shift(self, shares: Shares) -> None:
        """See Traffic.shift."""
        self._new.enter("ActivatingTraffic")
        rest: dict[str, Fraction] = {}
        if self._old is not None:
            names = [variant.name for variant in self._old.variants]
            rest = {name: 1 - shares.get(name, Fraction(1)) for name in names}
            if self._plan.rolling:
                self._new.roll(shares)
                self._old.roll(rest)
        old = self._old.routes(rest) if self._old else ()
        self._route((*self._new.routes(shares), *old))

    def bake(self) -> None:
        """See Traffic.bake."""
        self._new.enter("Baking")
