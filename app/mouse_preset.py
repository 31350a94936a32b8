"""What a drag in the 3D view does, in the manner of other programs.

deed_of("maya", Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier)     # "orbit"
"""

from typing import Literal

from PySide6.QtCore import Qt

from app.look import MousePreset

Deed = Literal["orbit", "pan", "dolly"]
LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


def deed_of(
    preset: MousePreset, buttons: Qt.MouseButton, modifiers: Qt.KeyboardModifier
) -> Deed | None:
    """None where that drag means nothing."""
    has_shift, has_ctrl, has_alt = (bool(modifiers & one) for one in (SHIFT, CTRL, ALT))
    if preset == "maya":
        deeds: dict[Qt.MouseButton, Deed] = {LEFT: "orbit", MIDDLE: "pan", RIGHT: "dolly"}
        return next((deed for one, deed in deeds.items() if buttons & one and has_alt), None)
    if preset == "blender":
        if not buttons & MIDDLE:
            return None
        return "pan" if has_shift else "dolly" if has_ctrl else "orbit"
    if buttons & MIDDLE or has_shift:
        return "pan"
    return "dolly" if buttons & RIGHT else "orbit"
