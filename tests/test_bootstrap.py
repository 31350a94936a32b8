"""The set-up script, as far as it goes without installing anything."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / ".venv"
    monkeypatch.setattr(bootstrap, "VENV", folder)
    monkeypatch.setattr(bootstrap, "LOG", folder / "setup.log")
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    return folder


def test_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(bootstrap.__file__).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in imports if isinstance(node, ast.ImportFrom) and node.module}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names | {"__future__"}


def test_holds_no_address_of_a_package_index() -> None:
    assert "://" not in Path(bootstrap.__file__).read_text()


@pytest.mark.parametrize(
    ("argv", "passed_on"),
    [
        (["run", "dog.mp4"], ["dog.mp4"]),
        (
            ["run", "reconstruct", "a", "-o", "b", "--help"],
            ["reconstruct", "a", "-o", "b", "--help"],
        ),
        (["test", "-k", "foo", "tests/x.py", "-q"], ["-k", "foo", "tests/x.py", "-q"]),
        (["test", "--torch", "cpu", "-x"], ["-x"]),
    ],
)
def test_arguments_are_passed_on(argv: list[str], passed_on: list[str]) -> None:
    assert bootstrap.parse(argv)[1] == passed_on


def test_tests_need_more_than_running() -> None:
    run, test = bootstrap.requirements(), bootstrap.requirements("dev")
    assert set(run) < set(test)
    assert any(line.startswith("torch>") for line in run)
    assert any(line.startswith("pytest>") for line in test)


def test_an_unknown_extra_is_refused_with_the_known_ones() -> None:
    with pytest.raises(bootstrap.SetupError, match=r"no extra magic; there are train, usd"):
        bootstrap.requirements("magic")


def test_missing_libraries_are_named_by_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "IS_LINUX", True)
    monkeypatch.setattr(bootstrap, "is_loadable", lambda library: library != "libEGL.so.1")
    assert bootstrap.missing_system_packages(False) == ["libegl1"]
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    assert bootstrap.missing_system_packages(True) == ["libegl1", "xvfb", "xauth"]


def test_elsewhere_the_command_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(bootstrap, "run_step", lambda *_: pytest.fail("installed something"))
    bootstrap.apt_install(["libegl1"])
    assert "apt-get install" in capsys.readouterr().err


def test_a_failed_step_shows_the_end_of_its_output(venv: Path) -> None:
    code = "import sys; [print(n) for n in range(100)]; sys.exit(3)"
    with pytest.raises(bootstrap.SetupError) as failure:
        bootstrap.run_step("Counting", [sys.executable, "-c", code])
    lines = str(failure.value).splitlines()
    assert lines[0].startswith("Counting failed")
    assert (lines[-1].strip(), len(lines)) == ("99", 26)


def test_a_stamp_makes_later_runs_start_at_once(
    venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    monkeypatch.setattr(bootstrap, "run_step", lambda title, command: steps.append(title))
    monkeypatch.setattr(bootstrap, "missing_system_packages", lambda with_tests: [])
    monkeypatch.setattr(bootstrap, "make_venv", lambda: venv.mkdir(exist_ok=True))
    bootstrap.set_up(False)
    assert [title.split(",")[0] for title in steps[:2]] == [
        "Installing PyTorch",
        "Installing the other packages",
    ]
    steps.clear()
    bootstrap.set_up(False)
    assert steps == []
    bootstrap.set_up(False, torch="cuda")  # another build was asked for
    assert steps
    steps.clear()
    bootstrap.set_up(False)  # whichever build is there is fine
    assert steps == []
    monkeypatch.setattr(bootstrap, "requirements", lambda *extras: ["torch>=9"])
    bootstrap.set_up(False)
    assert steps


def test_damage_check_finds_half_copied_packages(tmp_path: Path) -> None:
    for name, is_whole in (("whole", True), ("half", False)):
        facts = tmp_path / f"{name}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (facts / "RECORD").write_text(f"{name}.py,,\n{name}.pyc,,\n")
        if is_whole:
            (tmp_path / f"{name}.py").touch()
    only_here = "sys.path[:] = [p for p in sys.path if 'site-packages' not in p]"
    code = f"import sys; {only_here} + [{str(tmp_path)!r}]\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code + bootstrap.DAMAGE_CHECK], capture_output=True, text=True
    )
    assert done.stdout.split() == ["half==1.0"], done.stderr


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_another_python_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int]
) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (*version, 0))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(bootstrap.SetupError, match=r"install python3\.13 or"):
        bootstrap.require_python()
