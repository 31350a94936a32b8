"""One thing the window can do, as data; the tables are in `actions.py` and `view_actions.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.transport import Transport

Run = Callable[["MainWindow"], object]
Claim = Callable[["MainWindow"], bool]


@dataclass(frozen=True)
class Action:
    """One thing the window can do."""

    id: str
    menu: str
    title: str
    run: Run
    shortcuts: tuple[str, ...] = ()
    """The first is shown in menus and tooltips."""
    enabled: Claim = lambda window: True
    checked: Claim | None = None
    """Given for things that are on or off."""
    icon: str | None = None
    hint: str = ""
    starts_group: bool = False
    """A line above it in the menu."""
    wording: "Callable[[MainWindow], str] | None" = None
    """A title that changes."""
    shown: Claim = lambda window: True
    """False hides it from menus and palette, where this installation cannot do it."""


def scrubs(window: "MainWindow") -> bool:
    return window.session.transport.can_scrub


def has_source(window: "MainWindow") -> bool:
    return window.session.facts is not None


def has_model(window: "MainWindow") -> bool:
    return window.session.model is not None


def go(order: "Callable[[Transport], object]") -> Run:
    return lambda window: order(window.session.transport)


def toggle(name: str) -> Run:
    def run(window: "MainWindow") -> None:
        window.session.set_look(**{name: not getattr(window.session.look, name)})

    return run


def is_on(name: str) -> Claim:
    return lambda window: bool(getattr(window.session.look, name))


def mode_of(mode: str) -> tuple[Run, Claim]:
    return (
        lambda window: window.session.set_look(mode=mode),
        lambda window: window.session.look.mode == mode,
    )


def step_name(verb: str, name: str | None) -> str:
    """Undo PC 3."""
    return verb if name is None else f"{verb} {name}"


def view_from(name: str) -> Run:
    return lambda window: window.viewport.look_from(name)
