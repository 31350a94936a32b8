"""Shortcuts as the person wants them: those of the table, unless changed; kept in the settings.

keys_of(action); set_keys("export", ("Ctrl+Shift+E",)); reset_keys()
"""

from PySide6.QtGui import QKeySequence

from app.action import Action
from app.recents import settings

GROUP = "keys"


def keys_of(action: Action) -> tuple[str, ...]:
    """The first is shown in menus and tooltips."""
    kept = settings().value(f"{GROUP}/{action.id}")
    if kept is None:
        return action.shortcuts
    return tuple(one for one in str(kept).split("\t") if one)


def set_keys(action_id: str, keys: tuple[str, ...]) -> None:
    """Change an action's shortcuts; none takes them away."""
    settings().setValue(f"{GROUP}/{action_id}", "\t".join(keys))


def reset_keys(action_id: str | None = None) -> None:
    """As in the table again: one action's, or all."""
    settings().remove(GROUP if action_id is None else f"{GROUP}/{action_id}")


def owner_of(keys: str, actions: tuple[Action, ...], but: str) -> Action | None:
    """Another action that has these keys already."""
    wanted = QKeySequence(keys)
    for action in actions:
        if action.id != but and any(QKeySequence(one) == wanted for one in keys_of(action)):
            return action
    return None


def take_keys(action: Action, keys: str, actions: tuple[Action, ...]) -> None:
    """Give keys to an action alone: whoever had them loses them."""
    owner = owner_of(keys, actions, but=action.id)
    if owner is not None:
        wanted = QKeySequence(keys)
        left = tuple(one for one in keys_of(owner) if QKeySequence(one) != wanted)
        set_keys(owner.id, left)
    set_keys(action.id, (keys, *keys_of(action)[1:]))
