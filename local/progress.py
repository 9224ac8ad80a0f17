"""What a person sees while something takes long: the stage, what it does now, and its time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

Report = Callable[[str], None]

LOG_INTERVAL = 5.0
"""Seconds between two lines of progress where there is no terminal to show it live."""


class Stages:
    """Prints a line for each finished stage; on a terminal the running one is live below them."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, title: str) -> Iterator[Report]:
        """Time a stage and show it; the callable that it yields says what is being done."""
        start = time.monotonic()
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[now]}", table_column=Column(no_wrap=True, ratio=1)),
        )
        live = self._console.is_terminal
        with Progress(
            *columns, console=self._console, transient=True, expand=True, disable=not live
        ) as progress:
            task = progress.add_task(title, total=None, now="")

            printed = start

            def report(text: str) -> None:
                nonlocal printed
                progress.update(task, now=escape(text))
                if not live and time.monotonic() - printed > LOG_INTERVAL:
                    printed = time.monotonic()
                    self._console.print(f"  {text}", markup=False, soft_wrap=True)

            try:
                yield report
            except BaseException:
                self._print("[red]✗[/]", title, start)
                raise
        self._print("[green]✓[/]", title, start)

    def _print(self, mark: str, title: str, start: float) -> None:
        self._console.print(f"{mark} {title:<52}{time.monotonic() - start:7.1f} s")
