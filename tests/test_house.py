"""The rules of the house (who may import whom, how long things may be), kept by reading the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for package in ("service", "actors") for path in (ROOT / package).rglob("*.py"))
HEAVY = {"torch", "whisperx", "transformers", "paddleocr", "pyannote", "av", "cv2", "onnxruntime", "scenedetect"}
HEAVY |= {"faster_whisper", "pocketsphinx", "rapidocr", "librosa"}
MOST_LINES, MOST_FUNCTION_LINES = 250, 40


def imports(path: Path, *, top_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes: Iterator[ast.AST] = _executed_at_import(tree) if top_only else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def _executed_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the module is imported: no function bodies, nothing under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _executed_at_import(node)


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_actors_know_no_service() -> None:
    assert (
        names([path for path in SOURCES if path.parts[-1:] and "service" in imports(path) and "actors" in path.parts])
        == []
    )


def test_one_module_imports_ray() -> None:
    assert names([path for path in SOURCES if "ray" in imports(path)]) == ["actors/pool/ray_pool.py"]


def test_one_package_speaks_sql() -> None:
    speakers = [path for path in SOURCES if {"sqlalchemy", "alembic", "sqlite3"} & imports(path)]
    assert names([path for path in speakers if "ledger" not in path.parts]) == []


def test_service_reaches_models_only_through_registry_and_pool() -> None:
    packages = ("asr", "vad", "ocr", "objects", "captions", "frames", "audio", "media")
    reached = [
        (str(path.relative_to(ROOT)), line.strip())
        for path in SOURCES
        if "service" in path.relative_to(ROOT).parts[0]
        for line in path.read_text().splitlines()
        if line.strip().startswith("from actors.") and line.split(".")[1].split(" ")[0] in packages
    ]
    assert reached == []


@pytest.mark.parametrize("module", ["service.daemon", "service.cli.main", "actors.registry"])
def test_starting_imports_nothing_heavy(module: str) -> None:
    code = f"import {module}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not HEAVY & set(loaded.split())


def test_nothing_goes_through_a_shell() -> None:
    """Names are strangers' words; what starts a program gets a list, and is told what the program is."""
    calls = [
        (str(path.relative_to(ROOT)), ast.unparse(node))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _starts_through_a_shell(node)
    ]
    assert calls == []


SHELLS = (
    *("os.system('x')", "os.popen('x')", "os.execlp('x', 'x')", "pty.spawn('x')"),
    *("subprocess.run('x')", "subprocess.Popen(f'x {y}')", "subprocess.run(c, shell=True)"),
    *("subprocess.getoutput('x')", "asyncio.create_subprocess_shell('x')"),
)


@pytest.mark.parametrize("code", SHELLS)
def test_a_shell_would_be_found(code: str) -> None:
    assert _starts_through_a_shell(ast.parse(code, mode="eval").body)


def _starts_through_a_shell(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    module, _, name = ast.unparse(node.func).rpartition(".")
    if (module, name) == ("asyncio", "create_subprocess_shell") or module in {"pty", "commands"}:
        return True
    if module == "os" and name == "execv" and ast.unparse(node.args[0]) == "sys.executable":
        return False  # the program starts itself anew
    if module == "os":
        return name in {"system", "popen"} or name.startswith(("exec", "spawn", "posix_spawn"))
    if module != "subprocess":
        return False
    shell = any(keyword.arg == "shell" for keyword in node.keywords)
    one_string = any(isinstance(argument, ast.Constant | ast.JoinedStr) for argument in node.args[:1])
    return shell or one_string or name in {"getoutput", "getstatusoutput"}


def test_files_and_functions_stay_short() -> None:
    long_files = [(str(p.relative_to(ROOT)), n) for p in SOURCES if (n := len(p.read_text().splitlines())) > MOST_LINES]
    long_functions = [
        (str(path.relative_to(ROOT)), node.name)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > MOST_FUNCTION_LINES
    ]
    assert (long_files, long_functions) == ([], [])


def test_no_machine_path_stands_in_the_source() -> None:
    here = {str(ROOT), sys.prefix} - {sys.base_prefix}  # without an environment the prefix is the system's
    told = [path for path in SOURCES if any(place in path.read_text() for place in here)]
    assert names(told) == []
