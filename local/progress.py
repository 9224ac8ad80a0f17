"""What a person sees while something takes long: the stage, what it does now, and its time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Report = Callable[[str], None]


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
            TextColumn("{task.description}"),
            TextColumn("[dim]{task.fields[now]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task(title, total=None, now="")

            def report(text: str) -> None:
                progress.update(task, now=escape(text[: self._console.width // 2]))
                if not self._console.is_terminal:
                    self._console.print(f"  {text}", style="dim", markup=False, soft_wrap=True)

            try:
                yield report
            except BaseException:
                self._print("[red]✗[/]", title, start)
                raise
        self._print("[green]✓[/]", title, start)

    def _print(self, mark: str, title: str, start: float) -> None:
        self._console.print(f"{mark} {title:<46}{time.monotonic() - start:7.1f} s")
