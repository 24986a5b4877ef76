"""Shows how far a task is that works on many services: at a terminal, and nowhere else."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

T = TypeVar("T")


def shown(what: str, done: Iterable[T], total: int) -> Iterator[T]:
    """Yield what is done, and count it in a bar on the terminal.

    The bar is on the standard error: what a task prints can still be read by a program.
    """
    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        yield from done
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    # Lines that are printed meanwhile go above the bar, unless they go into a file.
    is_read = sys.stdout.isatty()
    with Progress(*columns, console=console, transient=True, redirect_stdout=is_read) as progress:
        bar = progress.add_task(what, total=total)
        for each in done:
            progress.advance(bar)
            yield each
