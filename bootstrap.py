"""Sets up what the program needs and starts it; standard library only.

    python3 bootstrap.py run [ARGUMENTS]     # the window; without a display, the bundled sample
    python3 bootstrap.py test [ARGUMENTS]    # all tests; arguments go to pytest
    python3 bootstrap.py setup               # only install, for both

Everything goes into `.venv` beside this file; a stamp there lets later runs start at once. As root
on Debian and Ubuntu missing system libraries are installed too, elsewhere they are named.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOG = VENV / "setup.log"
IS_WINDOWS = sys.platform == "win32"
IS_LINUX = sys.platform.startswith("linux")
PYTHON = VENV / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")
SAMPLE = ROOT / "assets" / "samples" / "shiba.mp4"
SAMPLE_MASKS = SAMPLE.parent / "shiba_masks"  # the dog on its first frame
OLDEST, NEWEST = (3, 11), (3, 13)
TORCH_CHOICES = ("auto", "cpu", "cuda")
# What Qt's xcb plugin, OpenGL and EGL load, and the Debian package that holds it.
LIBRARIES = """
    libGL.so.1 libgl1                 libEGL.so.1 libegl1
    libglib-2.0.so.0 libglib2.0-0     libdbus-1.so.3 libdbus-1-3
    libfontconfig.so.1 libfontconfig1 libxkbcommon-x11.so.0 libxkbcommon-x11-0
    libxcb-cursor.so.0 libxcb-cursor0 libxcb-icccm.so.4 libxcb-icccm4
    libxcb-keysyms.so.1 libxcb-keysyms1 libxcb-shape.so.0 libxcb-shape0
"""
DAMAGE_CHECK = """
import importlib.metadata as metadata
for package in metadata.distributions():
    files = [file for file in package.files or () if file.suffix != ".pyc"]
    if not files or not all(file.locate().exists() for file in files):
        print(package.metadata["Name"] + "==" + package.version)
"""


class SetupError(Exception):
    """Set-up cannot go on; the text says what to do."""


def say(text: str, is_passing: bool = False) -> None:
    """Tell the person; a passing line is overwritten by the next one on a terminal."""
    is_terminal = sys.stderr.isatty()
    end = "" if is_passing and is_terminal else "\n"
    sys.stderr.write(("\r\033[K" if is_terminal else "") + text + end)
    sys.stderr.flush()


def require_python() -> None:
    """Go on with a Python our dependencies have wheels for, or say which one is needed."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    if other := next(filter(None, map(shutil.which, names)), None):
        os.execv(other, [other, *sys.argv])
    raise SetupError(
        f"This is Python {sys.version.split()[0]}; install {' or '.join(names)} and run this again."
    )


def requirements(*extras: str) -> list[str]:
    """The lines of pyproject.toml: what running needs, and the extras named."""
    import tomllib  # only now: older Pythons get a sentence first, not a traceback

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = project["optional-dependencies"]
    if unknown := set(extras) - set(known):
        raise SetupError(f"There is no extra {' or '.join(unknown)}; there are {', '.join(known)}.")
    return [*project["dependencies"], *(line for name in extras for line in known[name])]


def stamp_of(wanted: list[str], torch: str) -> str:
    return hashlib.sha256("\n".join([*wanted, torch, sys.version]).encode()).hexdigest()


def is_loadable(library: str) -> bool:
    try:
        return bool(ctypes.CDLL(library))
    except OSError:
        return False


def missing_system_packages(with_tests: bool) -> list[str]:
    """Debian names of system libraries and programs that are not there."""
    if not IS_LINUX:
        return []
    words = LIBRARIES.split()
    pairs = zip(words[::2], words[1::2], strict=True)
    missing = [package for library, package in pairs if not is_loadable(library)]
    if with_tests:
        missing += [name.lower() for name in ("Xvfb", "xauth") if not shutil.which(name)]
    if not PYTHON.exists() and not importlib.util.find_spec("ensurepip"):  # Debian ships it apart
        missing.append(f"python3.{sys.version_info.minor}-venv")
    return missing


def run_step(title: str, command: list[str]) -> None:
    """Run one step, showing its name and how long it takes.

    Raises:
        SetupError: The command failed; holds the end of its output.
    """
    start = time.monotonic()
    say(f"{title} ...", is_passing=True)
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        begin = log.tell()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while not has_ended(process):
            if sys.stderr.isatty():
                say(f"{title} ... {time.monotonic() - start:.0f} s", is_passing=True)
    if process.returncode:
        end = LOG.read_bytes()[begin:].decode(errors="replace").rstrip().split("\n")[-25:]
        raise SetupError("\n    ".join([f"{title} failed. The end of {LOG}:", *end]))
    say(f"{title}: done in {time.monotonic() - start:.0f} s")


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        return False
    except BaseException:  # Ctrl-C: the step must not go on behind our back
        process.terminate()
        process.wait()
        raise
    return True


def apt_install(packages: list[str]) -> None:
    """Install Debian packages as root; where that is not possible, say what to type."""
    if not packages:
        return
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    if not (is_root and shutil.which("apt-get")):
        say(f"Missing from this system: {', '.join(packages)}. On Debian or Ubuntu:")
        say("    sudo " + " ".join(install))
        return
    update = "for n in 1 2 3 4; do apt-get -q update && exit 0; sleep 5; done; exit 1"
    run_step("Reading the system's package lists", ["sh", "-c", update])
    try:
        run_step(f"Installing {len(packages)} system packages", install)
    except SetupError:  # an earlier run may have been killed in the middle
        run_step("Finishing interrupted system packages", ["dpkg", "--configure", "-a"])
        run_step("Installing the system packages again", install)


def make_venv() -> None:
    """Make `.venv` with a working pip; an unfinished one is made anew."""
    if PYTHON.exists():
        if not subprocess.run([PYTHON, "-m", "pip", "-V"], capture_output=True).returncode:
            return
        shutil.rmtree(VENV)
    run_step("Making .venv", [sys.executable, "-m", "venv", str(VENV)])


def pip_install(title: str, *arguments: str) -> None:
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    run_step(title, [*pip, "--progress-bar", "off", *arguments])


def install_packages(wanted: list[str], index: str | None, renew_torch: bool) -> None:
    """PyTorch as a step of its own, first, so that pip's own configuration or `index` decides.

    Which build of it pip finds (CPU, CUDA) depends on the index it is offered, not on a name.
    """
    source = ["--extra-index-url", index] if index else []
    renew = ["--force-reinstall", "--no-deps"] if renew_torch else []
    torch = next(line for line in wanted if line.startswith("torch>"))
    pip_install("Installing PyTorch, the largest part", *source, *renew, torch)
    pip_install("Installing the other packages", *source, *wanted)
    # What a killed pip left half-copied it takes for complete.
    check = subprocess.run([PYTHON, "-c", DAMAGE_CHECK], capture_output=True, text=True)
    if damaged := check.stdout.split():
        again = ["--ignore-installed", "--no-deps", *damaged]
        pip_install("Mending an interrupted set-up", *source, *again)


def set_up(with_tests: bool, torch: str = "auto", torch_index: str | None = None) -> None:
    """Bring `.venv` and the system to what pyproject.toml asks for; at once if nothing changed."""
    wanted = requirements("dev") if with_tests else requirements()
    run_stamp, test_stamp = VENV / "run.stamp", VENV / "test.stamp"
    stamp = test_stamp if with_tests else run_stamp
    chosen = torch != "auto" or torch_index is not None
    accepted = {stamp_of(wanted, choice) for choice in ([torch] if chosen else TORCH_CHOICES)}
    if stamp.exists() and stamp.read_text() in accepted:
        return
    is_first = not run_stamp.exists() and not test_stamp.exists()
    say("Setting up in .venv: once, about 1 GB, some minutes." if is_first else "Updating .venv.")
    apt_install(missing_system_packages(with_tests))
    make_venv()
    if IS_LINUX and not (torch_index or torch == "cuda" or shutil.which("nvidia-smi")):
        configured = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True)
        if not any(word in configured.stdout for word in (b"index-url", b"find-links")):
            say("No NVIDIA GPU found: PyTorch's CPU build would save several GB. Its install page")
            say("names the index to pass as --torch-index URL. Going on with what pip offers.")
    install_packages(wanted, torch_index, renew_torch=chosen and not is_first)
    stamp.write_text(stamp_of(wanted, torch))
    if with_tests:  # whoever can test can run
        run_stamp.write_text(stamp_of(requirements(), torch))


def start(arguments: list[str]) -> int:
    """Run .venv's Python; in place of this process where the system can, for honest exit codes."""
    command = [str(PYTHON), *arguments]
    sys.stderr.flush()
    if not IS_WINDOWS:
        os.execv(command[0], command)
    return subprocess.call(command)


def run(arguments: list[str]) -> int:
    has_display = not IS_LINUX or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if arguments or has_display:
        return start([str(ROOT / "main.py"), *arguments])
    return run_sample()


def run_sample() -> int:
    """What there is to see without a display: the bundled sample as files."""
    say("No display: reconstructing the bundled sample instead of opening the window.")
    out = ROOT / "out"
    out.mkdir(exist_ok=True)
    session, mesh, picture = (str(out / f"shiba{kind}") for kind in (".session", ".glb", ".png"))
    for arguments in (
        ["reconstruct", str(SAMPLE), "-o", session, "--masks", str(SAMPLE_MASKS), "--overwrite"],
        ["export", session, "-o", mesh],
        ["render", session, "-o", picture, "--view", "side-by-side"],
    ):
        code = subprocess.call([str(PYTHON), str(ROOT / "main.py"), *arguments])
        if code:
            return code
    say(f"Animated mesh (opens in Blender): {mesh}\nPicture: {picture}")
    return 0


def test(arguments: list[str]) -> int:
    # One thread: the tests' arrays are small, and timings stay even on a shared machine.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if IS_LINUX and shutil.which("Xvfb"):
        os.environ["QT_QPA_PLATFORM"] = "xcb"  # pytest-xvfb's display, not a desktop's Wayland
        os.environ.pop("WAYLAND_DISPLAY", None)
    os.chdir(ROOT)
    return start(["-m", "pytest", *arguments])


def parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Our own options, and the rest for main.py or pytest; `--help` after a command is theirs."""
    parser = argparse.ArgumentParser("bootstrap.py", description=__doc__, add_help=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.allow_abbrev = False
    if argv[:1] not in (["run"], ["test"]):
        parser.add_argument("-h", "--help", action="help")
    add = parser.add_argument
    add("what", choices=["run", "test", "setup"])
    add("--torch", choices=TORCH_CHOICES, default="auto", help="build of PyTorch")
    add("--torch-index", metavar="URL", help="package index that offers that build")
    add("--extra", action="append", default=[], help="also install: train, usd, geo")
    return parser.parse_known_args(argv)


def main(argv: list[str]) -> int:
    options, arguments = parse(argv)
    try:
        require_python()
        extras = requirements(*options.extra)
        set_up(options.what != "run", options.torch, options.torch_index)
        if options.extra:
            pip_install("Installing extras", *extras)
        if options.what == "setup":
            say("Ready. Start with: python3 bootstrap.py run")
            return 0
        return run(arguments) if options.what == "run" else test(arguments)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("\nCancelled. Running the same command again goes on from here.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
