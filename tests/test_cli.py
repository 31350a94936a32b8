"""The command line as a person meets it: exit codes, sentences, files left behind."""

import ast
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import main
from tests.made_clip import write_clip

ROOT = Path(main.__file__).parent
HEAVY = {"numpy", "torch", "PySide6", "cv2", "av", "moderngl", "onnxruntime", "jaxtyping"}


def sentences(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def python(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter in the project's folder."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **options)


@pytest.fixture(autouse=True)
def _own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(main, "start_log", lambda: None)  # pytest has its own


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", frames=4)


def test_help_answers_within_half_a_second() -> None:
    times_s = []
    for _ in range(3):
        began = time.perf_counter()
        done = subprocess.run([sys.executable, ROOT / "main.py", "--help"], capture_output=True)
        times_s.append(time.perf_counter() - began)
        assert done.returncode == 0
    assert min(times_s) < 0.5


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, main\n"
        "try: main.main(['--help'])\n"
        "except SystemExit: pass\n"
        f"sys.exit(' '.join(set(sys.modules) & {HEAVY!r}) or 0)"
    )
    done = python(code)
    assert done.returncode == 0, f"--help imports {done.stderr}"
    assert "reconstruct" in done.stdout


def test_help_lists_only_commands_that_exist(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = {**main.COMMANDS, "dance": ("app.commands.dance", "not written")}
    monkeypatch.setattr(main, "COMMANDS", commands)
    with pytest.raises(SystemExit):
        main.main(["--help"])
    text = capsys.readouterr().out
    assert "dance" not in text
    assert "  doctor" in text


@pytest.mark.parametrize("name", main.available_commands())
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main([name, "--help"])
    assert ended.value.code == 0
    assert f"main.py {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv",
    [
        ["reconstruct", "a.mp4"],
        ["reconstruct", "a.mp4", "-o", "a.txt"],
        ["reconstruct", "a.mp4", "-o", "a.session", "--box", "1,2,3"],
        ["reconstruct", "a.mp4", "-o", "a.session", "--box", "5,5,1,9"],
        ["reconstruct", "a.mp4", "-o", "a.session", "--start", "-1"],
        ["reconstruct", "a.mp4", "-o", "a.session", "--fov", "0"],
        ["render", "a.session", "-o", "a.avi"],
        ["render", "a.session", "-o", "a.png", "--view", "inside"],
        ["reconstuct", "a.mp4"],
        ["--nonsense"],
    ],
)
def test_misuse_is_one_sentence_and_exit_code_2(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(argv)
    assert ended.value.code == 2
    assert len(sentences(capsys.readouterr().err)) == 1


def test_window_says_so_without_a_display(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "has_display", lambda: False)
    assert main.main([]) == 1
    assert "no display" in capsys.readouterr().err


def test_window_says_so_without_its_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["reconstuct"]) == 1
    assert "'reconstuct'" in capsys.readouterr().err


def test_window_gets_its_input(monkeypatch: pytest.MonkeyPatch, clip: Path) -> None:
    opened = []
    monkeypatch.setattr(main, "has_display", lambda: True)
    module = type("Window", (), {"run_window": staticmethod(lambda text: opened.append(text) or 0)})
    monkeypatch.setattr(main.importlib, "import_module", lambda name: module)
    assert main.main([str(clip)]) == 0
    assert main.main(["camera:0"]) == 0
    assert main.main([]) == 0
    assert opened == [str(clip), "camera:0", None]


def run_broken(body: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a made-up command whose `run` has the given body."""
    return python(
        "import sys, types, main\n"
        "module = types.ModuleType('broken'); module.add_arguments = lambda parser: None\n"
        f"def run(arguments, out):\n    {body}\n"
        "module.run = run; sys.modules['broken'] = module\n"
        "main.available_commands = lambda: {'broken': ('broken', '')}\n"
        "sys.exit(main.main(['broken']))",
        env=env,
    )


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    import os

    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_STATE_HOME moves the log on Linux only")
def test_a_bug_is_one_sentence_and_a_log(environment: dict[str, str]) -> None:
    done = run_broken("return 1 // 0", environment)
    assert done.returncode == 1
    assert len(sentences(done.stderr)) == 1
    log = next(Path(environment["XDG_STATE_HOME"]).rglob("studio.log"))
    assert str(log) in done.stderr
    assert "ZeroDivisionError" in log.read_text()


def test_damaged_pictures_are_one_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(3):
        (folder / f"{index:05}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    out = tmp_path / "out.session"
    command = [sys.executable, "main.py", "reconstruct", str(folder), "-o", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert len(sentences(done.stderr)) == 1
    assert not out.exists()


def test_training_from_a_cut_off_rig_leaves_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = tmp_path / "rig.glb"
    rig.write_bytes(b"glTF\x02\x00\x00\x00\xff\xff\x00\x00")
    out, run = tmp_path / "model", tmp_path / "run"
    assert main.main(["train", "--rig", str(rig), "-o", str(out), "--run", str(run)]) == 1
    assert len(sentences(capsys.readouterr().err)) == 1
    assert not out.exists()
    assert not run.exists()


def test_cancelling_is_130(environment: dict[str, str]) -> None:
    done = run_broken("raise KeyboardInterrupt", environment)
    assert done.returncode == 130
    assert sentences(done.stderr) == ["Cancelled."]


def test_a_reader_that_leaves_is_no_error_message(environment: dict[str, str]) -> None:
    done = run_broken("raise BrokenPipeError", environment)
    assert (done.returncode, done.stderr) == (1, "")


def test_doctor_exit_code_says_whether_it_is_usable(capsys: pytest.CaptureFixture[str]) -> None:
    code = main.main(["doctor", "--json"])
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["event"] == "result"
    assert code == (0 if result["usable"] else 1)
    states = {finding["name"]: finding["state"] for finding in result["findings"]}
    assert states["Python"] == "ok"
    assert states["packages"] == "ok"
    hints = [f["hint"] for f in result["findings"] if f["state"] != "ok"]
    assert all(hints)


def test_sheet_rows_are_spread_evenly() -> None:
    from app.commands.render import spread

    assert spread(np.arange(100), 4) == [12, 37, 62, 87]
    assert spread(np.array([3, 9]), 5) == [3, 9]
    assert spread(np.arange(9), 1) == [4]


@pytest.mark.parametrize(
    ("version", "requirement", "is_fine"),
    [
        ("2.13.0+cpu", "torch>=2.6,<2.14", True),
        ("2.14.0", "torch>=2.6,<2.14", False),
        ("2.5.9", "torch>=2.6,<2.14", False),
        ("10.0", "x>=9,<11", True),
        ("2.6", "x>=2.6.0", True),
    ],
)
def test_version_bounds(version: str, requirement: str, is_fine: bool) -> None:
    from app.commands.checks import satisfies

    assert satisfies(version, requirement) is is_fine


def test_the_window_is_where_main_looks_for_it() -> None:
    path = ROOT / (main.WINDOW_MODULE.replace(".", "/") + ".py")
    functions = [node for node in ast.parse(path.read_text()).body if hasattr(node, "args")]
    (run_window,) = [node for node in functions if node.name == "run_window"]
    assert run_window.args.args[0].arg == "text"
