"""What a person reads of a job, and can paste next: never broken into lines, however narrow."""

from rich.console import Console
from rich.segment import Segment, Segments
from rich.table import Table

from cli.jobs import Job


def table(*columns: str, figures: tuple[str, ...] = ()) -> Table:
    """Make an empty table, the columns of figures aligned on the right."""
    made = Table(box=None, header_style="bold", padding=(0, 3, 0, 0))
    for column in (*columns, *figures):
        made.add_column(column, justify="right" if column in figures else "left", no_wrap=True)
    return made


def show(made: Table, console: Console) -> None:
    """Print a table in the width that it takes, with a blank line before and after."""
    console.print()
    for line in console.render_lines(made, console.options.update(max_width=10_000), pad=False):
        console.print(Segments([*line, Segment.line()]), soft_wrap=True)
    console.print()


def say(console: Console, *rows: tuple[str, str]) -> None:
    """Print texts beside what they are."""
    width = max(len(what) for what, _ in rows)
    for what, text in rows:
        console.print(f"{what:<{width}}  {text}", markup=False, soft_wrap=True)


def commands(job: Job) -> tuple[tuple[str, str], ...]:
    """Return how to follow a job that was submitted, and how to stop it."""
    return (("follow it", f"make logs JOB={job.name}"), ("stop it", f"make stop JOB={job.name}"))
