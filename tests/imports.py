"""Reads the project's source without running it: its files, its imports, and the rooms that these belong to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "rnn_core"
LEFT_OUT = {".venv", ".git", "build", "__pycache__", ".ipynb_checkpoints", "shots"}


def files(*patterns: str) -> list[Path]:
    """The project's own files that match one of the patterns, caches and installed packages left out."""
    found = {path for pattern in patterns for path in ROOT.rglob(pattern) if path.is_file()}
    return sorted(path for path in found if not LEFT_OUT & set(path.relative_to(ROOT).parts))


def sources() -> list[Path]:
    """Every Python file of the product: the package, the pages, notebooks' scripts, benchmarks; not the tests."""
    return [path for path in files("*.py") if path.relative_to(ROOT).parts[0] != "tests"]


@dataclass(frozen=True)
class Import:
    """One import: the full name of what is imported, its line, and whether it happens as the module loads."""

    target: str
    line: int
    at_load: bool


def module_name(path: Path, root: Path = ROOT) -> str:
    """The dotted name of a file, such as `rnn_core.cells.lstm`; a package's `__init__` has the package's name."""
    parts = list(path.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str, root: Path = ROOT) -> bool:
    """Whether a dotted name is a file or a folder of the project."""
    place = root.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def imports(path: Path, root: Path = ROOT) -> Iterator[Import]:
    """All imports of a file: absolute, relative, inside functions, for type checkers, and by a literal name."""
    name = module_name(path, root)
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    later = {id(inner) for outer in ast.walk(tree) if is_lazy(outer) for inner in ast.walk(outer)}
    for node in ast.walk(tree):
        at_load = id(node) not in later
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, at_load) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *(node.module.split(".") if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield Import(inner if is_module(inner, root) else source, node.lineno, at_load)
        elif isinstance(node, ast.Call) and called(node) in {"import_module", "importlib.import_module", "__import__"}:
            if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield Import(node.args[0].value, node.lineno, at_load)


def is_lazy(node: ast.AST) -> bool:
    """Whether what stands inside a node does not run as the module loads."""
    typing = isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
    return typing or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def called(node: ast.Call) -> str:
    """The dotted name that a call calls, or an empty string when it is no plain name."""
    return ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""
