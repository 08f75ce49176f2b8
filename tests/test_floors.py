"""The package is a house: every room imports only what lies under it, never sideways, never up."""

import ast
from pathlib import Path

import pytest

PACKAGE = "sam2_notebook"
FACADE = "__init__"

# room -> rooms it may import. A new room needs a line here, that is, a floor.
FLOORS: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "values": frozenset({"errors"}),
    "media": frozenset({"errors", "values"}),
    "protocol": frozenset({"errors", "values"}),
    "model": frozenset(),
    "weights": frozenset({"errors", "model"}),
    "labels": frozenset({"errors", "values", "media"}),
    "predict": frozenset({"errors", "values", "media", "model", "weights"}),
    "training": frozenset({"errors", "values", "media", "model", "weights", "predict"}),
    # beside training, on its scenes and its clicks
    "metrics": frozenset({"errors", "values", "media", "model", "weights", "predict", "training"}),
    "evaluate": frozenset({"errors", "values", "media", "model", "weights", "predict", "training", "metrics"}),
    "widgets": frozenset({"errors", "values", "media", "protocol", "labels", "predict"}),
}
EVERYTHING = frozenset(FLOORS)
ROOF: dict[str, frozenset[str]] = {
    # the page's words for what lies below: SAM, auto_annotate, ...
    "facade": EVERYTHING,
    FACADE: EVERYTHING | {"facade"},
    "__main__": EVERYTHING | {FACADE, "facade", "cli"},
    "cli": EVERYTHING | {FACADE, "facade", "bench"},
    "bench": EVERYTHING | {FACADE},
}
MAY_IMPORT = FLOORS | ROOF


def room_of(module: str) -> str:
    """`sam2_notebook.values.geometry` -> `values`; the package itself is the facade."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else FACADE


def imported_modules(source: str, package: str) -> set[str]:
    """Dotted names of ours that `source` imports, wherever they stand: at the top, in functions, under TYPE_CHECKING.

    `package` is the package that holds the file, against which relative imports are resolved.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= _from_import(node, package)
        elif isinstance(node, ast.Call) and node.args and _called(node) in {"import_module", "__import__"}:
            target = node.args[0]
            if isinstance(target, ast.Constant) and isinstance(target.value, str):
                found.add(_resolve(target.value.lstrip("."), _dots(target.value), package))
    return {name for name in found if name == PACKAGE or name.startswith(f"{PACKAGE}.")}


def _from_import(node: ast.ImportFrom, package: str) -> set[str]:
    base = _resolve(node.module or "", node.level, package)
    if base != PACKAGE:
        return {base}
    # `from sam2_notebook import values` takes a room, `from sam2_notebook import Point` takes the facade
    return {f"{PACKAGE}.{alias.name}" if alias.name in MAY_IMPORT else PACKAGE for alias in node.names}


def _resolve(name: str, level: int, package: str) -> str:
    if level == 0:
        return name
    parents = package.split(".")
    return ".".join([*parents[: len(parents) - level + 1], *([name] if name else [])])


def _dots(name: str) -> int:
    return len(name) - len(name.lstrip("."))


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def breaches(root: Path) -> list[str]:
    """One line for every import in the package under `root` that the table does not allow."""
    return [
        line for file in sorted((root / PACKAGE).rglob("*.py")) for line in _breaches_of(file.relative_to(root), root)
    ]


def _breaches_of(file: Path, root: Path) -> list[str]:
    parts = file.with_suffix("").parts
    room = parts[1]
    if room not in MAY_IMPORT:
        return [f"{file}: '{room}' has no floor; give it a line in tests/test_floors.py"]
    modules = imported_modules((root / file).read_text("utf-8"), ".".join(parts[:-1]))
    return [
        f"{file} imports {module}: '{room}' may not import '{room_of(module)}'"
        for module in sorted(modules)
        if room_of(module) not in MAY_IMPORT[room] | {room}
    ]


def test_no_room_imports_sideways_or_up(repository: Path) -> None:
    assert not breaches(repository)


def test_the_table_itself_has_no_circles() -> None:
    reached: set[str] = set()
    waiting = dict(MAY_IMPORT)
    while waiting:
        ready = {room for room, may in waiting.items() if may <= reached}
        assert ready, f"these rooms import one another: {sorted(waiting)}"
        reached |= ready
        waiting = {room: may for room, may in waiting.items() if room not in ready}


@pytest.mark.parametrize(
    ("file", "source", "culprit"),
    [
        ("values/geometry.py", "from sam2_notebook.media import images", "media"),
        ("values/geometry.py", "import sam2_notebook.predict.image as p", "predict"),
        ("values/geometry.py", "from ..media.images import read", "media"),
        ("values/deep/geometry.py", "from ... import media", "media"),
        ("model/sam2.py", "from sam2_notebook.errors import Sam2NotebookError", "errors"),
        ("model/sam2.py", "from .. import errors", "errors"),
        ("widgets/image.py", "def f():\n    from sam2_notebook.model import Sam2", "model"),
        ("widgets/image.py", "if TYPE_CHECKING:\n    from sam2_notebook.weights import load_model", "weights"),
        ("predict/image.py", "from sam2_notebook import ImageSegmenter", FACADE),
        ("predict/image.py", "import sam2_notebook", FACADE),
        ("media/images.py", "import importlib\nimportlib.import_module('sam2_notebook.labels')", "labels"),
        ("media/images.py", "from importlib import import_module\nimport_module('..labels', __package__)", "labels"),
        ("training/loop.py", "from sam2_notebook.widgets import ImageSegmenter", "widgets"),
        ("shed/tools.py", "", "shed"),
    ],
)
def test_a_breach_is_found_wherever_it_hides(tmp_path: Path, file: str, source: str, culprit: str) -> None:
    path = tmp_path / PACKAGE / file
    path.parent.mkdir(parents=True)
    path.write_text(source, "utf-8")
    (line,) = breaches(tmp_path)
    assert f"'{culprit}'" in line


@pytest.mark.parametrize(
    ("file", "source"),
    [
        (
            "values/masks.py",
            "from sam2_notebook.values.geometry import Size\nfrom .geometry import Box\nfrom . import geometry",
        ),
        (
            "values/masks.py",
            "import numpy\nfrom sam2_notebook_extras import media\nfrom ..errors import Sam2NotebookError",
        ),
        ("predict/image.py", "from sam2_notebook import media, values\nfrom ..weights import load_model"),
        ("widgets/image.py", "from ..predict import ImagePredictor\nfrom ..protocol import messages"),
        ("cli.py", "from sam2_notebook import ImagePredictor\nfrom . import bench\nfrom .weights import presets"),
        ("__init__.py", "from .widgets import ImageSegmenter\nfrom sam2_notebook.predict import ImagePredictor"),
    ],
)
def test_what_lies_below_may_be_imported(tmp_path: Path, file: str, source: str) -> None:
    path = tmp_path / PACKAGE / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, "utf-8")
    assert not breaches(tmp_path)
