"""How an export tells how far it is, and where it can be stopped.

    tell: Tell = lambda stage, done, total: out.progress(stage, done, total)

It is called between pieces of work; whatever it raises (KeyboardInterrupt of Ctrl-C, say) ends the
export with the old file intact.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Tell = Callable[[str, int, int], None]
"""Stage in a word or two, units done, units in all."""

READING, COLORING, FITTING, WEIGHING, MEASURING, WRITING = (
    "reading the session",
    "gathering colours",
    "fitting rotations",
    "fitting weights",
    "measuring",
    "writing",
)
Item = TypeVar("Item")


def silent(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def told(items: Iterable[Item], total: int, tell: Tell, stage: str) -> Iterator[Item]:
    """The same items, with word of each one that is done."""
    done = 0
    for done, item in enumerate(items):
        tell(stage, done, total)
        yield item
    tell(stage, max(done + 1, total), total)
