"""Writes docs/shortcuts.md from the actions table; a test keeps the two in step.

PYTHONPATH=. python docs/write_shortcuts.py
"""

from pathlib import Path

from app.actions import ACTIONS, MENUS
from app.shortcut_sheet import MOUSE

HEAD = """# Shortcuts

Written by `docs/write_shortcuts.py` from the one table that also makes the menus, the toolbar, the
command palette (Ctrl+K) and the sheet in the window (F1). On macOS, Ctrl is Command.
"""


def shortcuts_text() -> str:
    """The page."""
    parts = [HEAD]
    for menu in MENUS:
        parts.append(f"## {menu}\n\n| What | Keys |\n| --- | --- |")
        rows = [action for action in ACTIONS if action.menu == menu]
        for action in rows:
            keys = ", ".join(f"`{one}`" for one in action.shortcuts)
            parts.append(f"| {action.title.rstrip('…')} | {keys} |")
        parts.append("")
    parts.append("## Mouse\n\n| What | How |\n| --- | --- |")
    parts += [f"| {what} | {how} |" for how, what in MOUSE]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("shortcuts.md").write_text(shortcuts_text(), encoding="utf-8")
