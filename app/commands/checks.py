"""What `doctor` looks at. Each check gives findings and raises nothing."""

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
AGAIN = "Run `python3 bootstrap.py setup` to install it."
ENOUGH_DISK_GB, LITTLE_DISK_GB = 5.0, 0.5


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    name: str
    state: Literal["ok", "warn", "fail"]
    text: str
    hint: str = ""
    """What to do about it; empty if ok."""


def check_python() -> Iterator[Finding]:
    """The interpreter and the machine."""
    version = sys.version_info[:2]
    text = f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores"
    if (3, 11) <= version < (3, 14):
        yield Finding("Python", "ok", text)
    else:
        yield Finding("Python", "fail", text, "Use Python 3.11, 3.12 or 3.13.")


def check_packages() -> Iterator[Finding]:
    """Every package of pyproject.toml, against its bounds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: list[str] = []
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=!;\[ ]", requirement)[0]
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, "fail", "not installed", AGAIN)
            continue
        found.append(f"{name} {version}")
        if not satisfies(version, requirement):
            yield Finding(name, "warn", f"{version}, but {requirement} was tested", AGAIN)
    yield Finding("packages", "ok", ", ".join(found))


def satisfies(version: str, requirement: str) -> bool:
    """Whether a version lies within the >=, < bounds of a requirement (all we ever write)."""
    have = _numbers(version)
    for sign, bound in re.findall(r"(>=|<)([0-9.]+)", requirement):
        want = _numbers(bound)
        length = max(len(have), len(want))
        left = have + (0,) * (length - len(have))
        right = want + (0,) * (length - len(want))
        if (sign == ">=" and left < right) or (sign == "<" and left >= right):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"[0-9]+(\.[0-9]+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def check_opengl() -> Iterator[Finding]:
    """Drawing off-screen, as `render` does, and in the window."""
    from core.errors import ExplainedError

    try:
        from render.context import is_software, offscreen_context

        ctx = offscreen_context()
    except (ImportError, ExplainedError) as error:
        yield Finding("OpenGL", "fail", str(error), "Install or update the graphics driver.")
        return
    name = f"{ctx.info['GL_RENDERER']}, OpenGL {ctx.version_code / 100:.1f}"
    if is_software(ctx):
        hint = "The processor draws: fine, but a graphics driver would leave it more time."
        yield Finding("OpenGL", "warn", name, hint)
    else:
        yield Finding("OpenGL", "ok", name)
    ctx.release()


def check_display() -> Iterator[Finding]:
    """Whether a window could open."""
    is_linux = sys.platform.startswith("linux")
    names = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    if names or not is_linux:
        yield Finding("display", "ok", " and ".join(names) or platform.system())
    else:
        hint = "The window needs one; reconstruct, export and render do not."
        yield Finding("display", "warn", "none", hint)


def check_onnxruntime() -> Iterator[Finding]:
    """The engine that runs the student live."""
    try:
        import onnxruntime
    except ImportError as error:
        yield Finding("ONNX Runtime", "warn", str(error), "Live speed drops without it. " + AGAIN)
        return
    providers = ", ".join(onnxruntime.get_available_providers())
    yield Finding("ONNX Runtime", "ok", f"{onnxruntime.__version__} with {providers}")


def check_cameras() -> Iterator[Finding]:
    """Cameras the system lists; none is opened."""
    from core.sources.camera_list import list_cameras

    cameras = list_cameras()
    if cameras:
        listed = ", ".join(f"camera:{camera.index} {camera.name}" for camera in cameras)
        yield Finding("cameras", "ok", listed)
    elif sys.platform == "win32":
        yield Finding("cameras", "ok", "Windows does not list them here; try camera:0")
    else:
        yield Finding("cameras", "warn", "none found", "Plug one in, or open a video instead.")


def check_models() -> Iterator[Finding]:
    """Every model that came along loads, with all arrays in shape."""
    from app.commands.models import installed_models
    from core.errors import ModelError
    from core.model import load_model

    names = installed_models()
    if not names:
        yield Finding("models", "fail", "none in assets/models", "Get the project's files again.")
    for name in names:
        try:
            model = load_model(name)
        except ModelError as error:
            yield Finding(f"model {name}", "fail", str(error), "Get the project's files again.")
        else:
            text = f"{len(model.rig.vertices)} vertices, {len(model.rig.skeleton.names)} joints"
            yield Finding(f"model {name}", "ok", text)


def check_places() -> Iterator[Finding]:
    """Where the program writes: can it, and is there room?"""
    import platformdirs

    app = "dasr-studio"
    places = {
        "settings": Path(platformdirs.user_config_dir(app, appauthor=False)),
        "log": Path(platformdirs.user_log_dir(app, appauthor=False)),
        "temporary files": Path(tempfile.gettempdir()),
        "current folder": Path.cwd(),
    }
    for name, folder in places.items():
        yield _place(name, folder)


def _place(name: str, folder: Path) -> Finding:
    """Look at the nearest folder that exists; nothing is created."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    if not os.access(existing, os.W_OK):
        return Finding(name, "warn", f"{folder} cannot be written", "Change its access rights.")
    free_gb = shutil.disk_usage(existing).free / 1e9
    text = f"{folder}, {free_gb:.1f} GB free"
    if free_gb < LITTLE_DISK_GB:
        return Finding(name, "fail", text, "Free some space on that disk.")
    if free_gb < ENOUGH_DISK_GB:
        return Finding(name, "warn", text, "Long sessions with masks need more.")
    return Finding(name, "ok", text)


ALL_CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_python,
    check_packages,
    check_opengl,
    check_display,
    check_onnxruntime,
    check_cameras,
    check_models,
    check_places,
)
