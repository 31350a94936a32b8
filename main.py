"""DASR Studio: the window, and everything it does as commands.

    python main.py [INPUT]                      # the window
    python main.py reconstruct walk.mp4 -o walk.session
    python main.py --help

Each command is a module with `add_arguments(parser)` and `run(arguments, out) -> int`; it is
imported only when it is the one asked for, so that `--help` answers at once.
"""

import argparse
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

# Our matrices are small: threads of the linear algebra library cost more than they bring, on a
# busy machine thirty times as much. Set before numpy loads; torch and ONNX Runtime have their own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# OpenCV tells of every damaged picture on stderr; we say it once, in a sentence of our own.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

if TYPE_CHECKING:
    from core.progress import Writer

ROOT = Path(__file__).resolve().parent
COMMANDS = {  # name -> (module, what it does)
    "reconstruct": ("app.commands.reconstruct", "turn a video into a session"),
    "export": ("app.commands.export", "write a session as glTF, BVH, npz and others"),
    "sessions": ("app.commands.sessions", "check, repair, trim, merge or relink sessions"),
    "render": ("app.commands.render", "draw a session as video or picture"),
    "models": ("app.commands.models", "list the category models that are there"),
    "doctor": ("app.commands.doctor", "check this machine and this installation"),
    "bench": ("app.commands.bench", "measure the live path, stage by stage"),
    "prepare": ("training.commands.prepare", "make clips of raw videos, for fit"),
    "fit": ("training.commands.fit", "fit a teacher to videos"),
    "train": ("training.commands.train", "distil a teacher into a real-time student"),
    "adapt": ("training.commands.adapt", "tune a student to one video"),
    "synthesize": ("training.commands.synthesize", "make test clips of a rig, with exact truth"),
    "evaluate": ("training.commands.evaluate", "measure a model on clips with known truth"),
}
WINDOW_MODULE = "app.window"
DONE, FAILED, MISUSED, CANCELLED = 0, 1, 2, 130


class OneSentenceParser(argparse.ArgumentParser):
    """Usage errors are one sentence; the full usage is a `--help` away."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSED, f"{self.prog}: {message}; see {self.prog} --help.\n")


def available_commands() -> dict[str, tuple[str, str]]:
    """Commands whose module is there; the others are not offered."""
    return {
        name: command
        for name, command in COMMANDS.items()
        if (ROOT / (command[0].replace(".", "/") + ".py")).is_file()
    }


def general_parser() -> OneSentenceParser:
    """What `main.py` itself takes: an input for the window, and the list of commands."""
    lines = [f"  {name:<12} {summary}" for name, (_, summary) in available_commands().items()]
    parser = OneSentenceParser(
        prog="main.py",
        usage="main.py [INPUT]\n       main.py COMMAND [--help] ...",
        description="Video of an animal or a person in, posed 3D mesh out.",
        epilog="commands:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "input",
        nargs="?",
        metavar="INPUT",
        help="opened in the window: a video, folder of images, camera:0, http or rtsp address, "
        ".session, category model or rigged .glb; without one, the bundled sample",
    )
    parser.add_argument(
        "--safe-mode", action="store_true", help="open nothing, with the layout of the first start"
    )
    parser.add_argument("--reset", action="store_true", help="forget layout, recents and choices")
    return parser


def run_command(name: str, argv: list[str]) -> int:
    """Parse a command's arguments and run it."""
    module_name, summary = available_commands()[name]
    module = importlib.import_module(module_name)
    parser = OneSentenceParser(
        prog=f"main.py {name}",
        description=module.__doc__ or summary,
        conflict_handler="resolve",  # a command may widen --json, as evaluate does
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--json", action="store_true", help="events as JSON lines on stdout")
    module.add_arguments(parser)
    arguments = parser.parse_args(argv)

    from core.progress import Writer

    out = Writer(is_json=arguments.json)
    return guarded(lambda: module.run(arguments, out), out, start_log())


def run_window(argv: list[str]) -> int:
    """Open the window, with an input if one is given."""
    arguments = general_parser().parse_args(argv)
    flags = {"is_safe": arguments.safe_mode, "resets": arguments.reset}
    chosen = {name: True for name, is_on in flags.items() if is_on}
    from core.progress import Writer

    return guarded(
        lambda: open_window(arguments.input, **chosen), Writer(), log_path()
    )  # the window logs itself


def open_window(text: str | None, **flags: bool) -> int:
    """Check what needs no window first, so that the answer comes where the person is looking."""
    from core.errors import ExplainedError

    names_no_file = ("camera:", "http://", "https://", "rtsp://", "rtsps://")
    is_model = text is not None and (ROOT / "assets" / "models" / text / "model.json").exists()
    is_path = text is not None and not text.startswith(names_no_file) and not is_model
    if text is not None and is_path and not Path(text).expanduser().exists():
        raise ExplainedError(f"There is no file, folder or command {text!r}; see main.py --help.")
    if not has_display():
        raise ExplainedError(
            "There is no display for the window; without one use main.py reconstruct, export and "
            "render."
        )
    return importlib.import_module(WINDOW_MODULE).run_window(text, **flags)


def has_display() -> bool:
    """Whether a window can open; only on Linux does the environment tell."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in names)


def guarded(work: Callable[[], int], out: "Writer", log: Path | None) -> int:
    """Run; every way to end becomes an exit code and at most one sentence on stderr."""
    from core.errors import ExplainedError

    try:
        return work()
    except ExplainedError as error:
        out.fail(str(error))
        return FAILED
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:
        logging.getLogger("main").exception("unexpected error")
        where = f"the full story is in {log}" if log else "there was no place to write a log"
        out.fail(f"Something went wrong in the program itself ({error!r}); {where}.")
        return FAILED


def log_path() -> Path:
    """Where the log is, on this system."""
    import platformdirs

    return Path(platformdirs.user_log_dir("dasr-studio", appauthor=False)) / "studio.log"


def start_log() -> Path | None:
    """Log to a file of the user's; None where it cannot be written."""
    from logging.handlers import RotatingFileHandler

    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=1 << 20, backupCount=2)
    except OSError:
        return None
    form = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
    handler.setFormatter(logging.Formatter(form))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    return path


def _cancel(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    """Dispatch; gives the exit code: 0 done, 1 failed, 2 usage, 130 cancelled."""
    try:
        if argv and argv[0] in available_commands():
            return run_command(argv[0], argv[1:])
        return run_window(argv)
    except KeyboardInterrupt:
        sys.stderr.write("\nCancelled.\n")
        return CANCELLED
    except BrokenPipeError:  # the reader of our output has gone: nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _cancel)  # clean up after a `kill` as after Ctrl-C
    sys.exit(main(sys.argv[1:]))
