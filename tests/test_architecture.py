"""The rules of docs/architecture.md, read off the syntax trees of all files."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("core", "render", "training", "app")
MAY_IMPORT = {
    "core": set(),
    "render": {"core"},
    "training": {"core", "render"},
    "app": {"core", "render"},
}
BANNED = {
    "core": {"PySide6", "pyqtgraph", "moderngl"},
    "render": {"PySide6", "pyqtgraph", "torch"},
    "training": {"PySide6", "pyqtgraph"},
    "app": {"torch"},
}
RUNS_CODE = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
MAX_LINES = 400
VAGUE_NAMES = re.compile(r"(utils?|helpers?|misc|common|manager)\.py$")
SHADER_NAME = re.compile(r"(?:[a-z0-9_]+/)*[a-z0-9_]+\.(?:vert|frag|geom|glsl)")

SOURCES = sorted(
    path
    for path in [*ROOT.glob("*.py"), *(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))]
    if "__pycache__" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(tree: ast.Module) -> Iterator[str]:
    """Top-level names of everything imported anywhere in a file, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield (node.module or "").split(".")[0]


def called_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def may_import_torch(path: Path) -> bool:
    return path.name == "student.py" or path.name.endswith("_torch.py")


def breaches(path: Path) -> set[str]:
    """Imports of a file that its package must not have."""
    package = path.relative_to(ROOT).parts[0]
    found = set(imported(tree_of(path)))
    ours = set(PACKAGES) | {"main", "bootstrap", "tests"}
    wrong = found & (ours - MAY_IMPORT[package] - {package}) | found & BANNED[package]
    if package == "core" and "torch" in found and not may_import_torch(path):
        wrong.add("torch")
    return wrong


@pytest.mark.parametrize("path", [p for p in SOURCES if p.parent != ROOT], ids=name_of)
def test_imports_follow_the_arrows(path: Path) -> None:
    assert not breaches(path), f"{name_of(path)} must not import {sorted(breaches(path))}"


def test_live_path_stays_without_torch() -> None:
    """Outside training, torch's files are imported inside functions only: where they are needed."""
    for path in (p for p in SOURCES if p.relative_to(ROOT).parts[0] in ("core", "app", "render")):
        if may_import_torch(path):
            continue
        for node in tree_of(path).body:
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            is_torch_file = module.endswith("_torch") or module == "core.student"
            assert not is_torch_file, f"{name_of(path)} imports {module}, and torch with it"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_prints_or_runs_code_from_files(path: Path) -> None:
    tree = tree_of(path)
    assert not set(imported(tree)) & RUNS_CODE
    assert not set(called_names(tree)) & {"print", "eval", "exec", "compile"}
    text = path.read_text(encoding="utf-8")
    assert "allow_pickle=True" not in text
    assert "weights_only=False" not in text


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_files_are_small_and_say_what_they_hold(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_LINES, f"{lines} lines: does it hold two nouns?"
    assert not VAGUE_NAMES.search(path.name), f"{path.name} says nothing about what is in it"


def test_every_shader_named_in_render_exists() -> None:
    shaders = {p.name for p in (ROOT / "render" / "shaders").glob("*")}
    for path in (ROOT / "render").rglob("*.py"):
        literals = (
            node.value
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        named = {Path(text).name for text in literals if SHADER_NAME.fullmatch(text)}
        assert named <= shaders, f"{name_of(path)} names missing {sorted(named - shaders)}"


def test_every_asset_has_its_source_and_licence() -> None:
    """An entry names the file, or a folder it lies in, in backticks."""
    text = (ROOT / "assets" / "LICENSES.md").read_text(encoding="utf-8")
    entries = {entry.strip("/") for entry in re.findall(r"`([^`\n]+)`", text)}
    for path in (ROOT / "assets").rglob("*"):
        asset = path.relative_to(ROOT / "assets")
        if path.is_dir() or asset.as_posix() == "LICENSES.md":
            continue
        places = {asset.as_posix(), *(parent.as_posix() for parent in asset.parents)}
        assert places & entries, f"assets/LICENSES.md says nothing of {asset.as_posix()}"


def test_the_import_rule_sees_imports_inside_functions() -> None:
    tree = ast.parse("def f():\n    import torch\n    from PySide6.QtCore import QObject\n")
    assert set(imported(tree)) == {"torch", "PySide6"}
