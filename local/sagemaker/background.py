"""Work beside a container while it runs."""

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Background(ABC):
    """Works on a thread for as long as its block lasts."""

    def __init__(self) -> None:
        self.ending = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)

    @abstractmethod
    def work(self) -> None:
        """Work until `ending` is set. What it raises is raised again at the end of the block."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None
    ) -> None:
        self.ending.set()
        self._thread.join()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise what ended the thread too early, if anything did."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self.work()
        except Exception as error:  # raised again on the thread that waits for us
            self._error = error
