"""Every fault that the service is to survive, what is expected of it then, and which test lets it happen.

A test says so by a mark: `@pytest.mark.fault("replaced while queued")`, or `marks=pytest.mark.fault(…)` on one of its
parameters; the name stands there as a literal, because the tests are read and not imported. `test_catalogue.py` holds
rows and marks against each other; `python tests/faults/catalogue_page.py` writes the tables of `README.md`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from environment_faults import ENVIRONMENT
from file_faults import FILES
from kill_points import KILL_POINTS

TESTS = Path(__file__).resolve().parents[1]

SECTIONS: dict[str, dict[str, str]] = {
    "Killed at a named point": KILL_POINTS,
    "The environment": ENVIRONMENT,
    "Files": FILES,
}
"""By section: fault to what is expected. A name stands once in all of them."""

FAULTS = [name for section in SECTIONS.values() for name in section]


@dataclass(frozen=True, order=True)
class Use:
    """A fault's mark in a test file; `test` is the function that it is on, or that its table is given to."""

    fault: str
    file: str
    test: str


def uses() -> list[Use]:
    """Find every mark in the tests."""
    files = (path for path in TESTS.rglob("*.py") if "mark.fault(" in path.read_text(encoding="utf-8"))
    return sorted({use for path in files for use in _uses_in(path)})


def _uses_in(path: Path) -> Iterator[Use]:
    file, tree = str(path.relative_to(TESTS.parent)), ast.parse(path.read_text(encoding="utf-8"))
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    for node in tree.body:
        for fault in _marks(node):
            for test in _tests_of(node, tests):
                yield Use(fault, file, test)


def _marks(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.fault":
            yield from (ast.literal_eval(argument) for argument in call.args)


def _tests_of(node: ast.stmt, tests: list[ast.FunctionDef]) -> list[str]:
    """Return the test a statement is, or the tests whose decorators name the table it makes."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    made = {target.id for target in targets if isinstance(target, ast.Name)}
    return [
        test.name
        for test in tests
        if made & {name.id for mark in test.decorator_list for name in ast.walk(mark) if isinstance(name, ast.Name)}
    ]
