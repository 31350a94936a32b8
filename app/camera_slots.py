"""Four kept cameras, the same in all sessions: Ctrl+Alt+1 to 4 keeps, Alt+1 to 4 recalls."""

import json
import logging
from typing import TYPE_CHECKING

from app.action import Action, Run
from app.recents import settings
from app.view_state import camera_of, camera_values
from render.view import OrbitCamera

if TYPE_CHECKING:
    from app.main_window import MainWindow

LOG = logging.getLogger(__name__)
COUNT = 4


def kept_camera(number: int) -> OrbitCamera | None:
    """What is in a slot."""
    text = settings().value(f"cameras/{number}", "")
    try:
        return camera_of(json.loads(str(text))) if text else None
    except (ValueError, KeyError, TypeError) as error:
        LOG.warning("camera %d cannot be read: %s", number, error)
        return None


def keep_camera(window: "MainWindow", number: int) -> None:
    """Put the present camera into a slot."""
    text = json.dumps(camera_values(window.viewport.camera))
    settings().setValue(f"cameras/{number}", text)
    window.statusBar().showMessage(f"Camera {number} kept; Alt+{number} comes back to it", 4000)
    window.refresh()


def recall_camera(window: "MainWindow", number: int) -> None:
    """Look from a slot's camera."""
    camera = kept_camera(number)
    if camera is not None:
        window.session.set_look(camera="orbit")
        window.viewport.place(camera)


def _keep(number: int) -> Run:
    return lambda window: keep_camera(window, number)


def _recall(number: int) -> Run:
    return lambda window: recall_camera(window, number)


SLOT_ACTIONS = (
    *(
        Action(f"camera-{number}", "Camera", f"Camera {number}", _recall(number),
               (f"Alt+{number}",),
               enabled=lambda w, number=number: kept_camera(number) is not None,
               starts_group=number == 1)
        for number in range(1, COUNT + 1)
    ),
    *(
        Action(f"keep-camera-{number}", "Camera", f"Keep as camera {number}", _keep(number),
               (f"Ctrl+Alt+{number}",), starts_group=number == 1)
        for number in range(1, COUNT + 1)
    ),
)  # fmt: skip
