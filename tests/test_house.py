"""What the house style forbids and a machine can see."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

LINES_AT_MOST = 400
NOTEBOOK_BYTES_AT_MOST = 1_000_000
NO_ROOM_WITHOUT_AN_IDEA = frozenset({"utils", "util", "helpers", "helper", "common", "base", "manager"})
MAY_PRINT = frozenset({"cli.py", "bench.py", "__main__.py"})

# Catching everything hides bugs, except where somebody waits for an answer or a thread must outlive one job.
CATCHES_EVERYTHING: dict[str, str] = {
    "media/video_stream.py": "a camera fails in ways of its own; who waits for its next frame is told in words",
    "facade/annotation/cluster.py": "an error of a worker travels as words and is raised again where the call was made",
    "facade/annotation/picture.py": "a detector is others' code and raises whatever it likes; its picture has failed",
    "weights/download_hub.py": "the kinds of network errors change with the hub's version; the next source is asked",
    "widgets/channel.py": "every request of the page is answered, with the error in words",
    "widgets/everything.py": "whatever ends a run is shown as its end, and raised where somebody waits for it",
    "widgets/label_jobs.py": "whatever ends a job is shown as its end, and raised where somebody waits for it",
    "widgets/inference.py": "an image that cannot be encoded shows its reason in the widget",
    "widgets/video_frames.py": "anybody may write a source of frames; the page gets an answer for each it asked for",
    "widgets/video_inference.py": "a frame that cannot be segmented shows its reason in the widget, and is failed once",
    "widgets/video_tracking.py": "whatever ends a propagation is shown as its end, and what was done is kept",
    "widgets/worker.py": "the only worker thread goes on after a job failed",
}
# module or name -> functions that execute what they read
EXECUTES_ITS_INPUT: dict[str, frozenset[str]] = {
    "pickle": frozenset({"load", "loads", "Unpickler"}),
    "marshal": frozenset({"load", "loads"}),
    "shelve": frozenset({"open"}),
    "yaml": frozenset({"load", "load_all", "unsafe_load", "full_load"}),
    "joblib": frozenset({"load"}),
    "os": frozenset({"system", "popen"}),
    "builtins": frozenset({"eval", "exec"}),
}


def violations(file: str, source: str) -> list[str]:
    """One line per banned construct of one library file; `file` is its path inside the package."""
    tree = ast.parse(source)
    origins = _origins(tree)
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found += _banned_call(node, origins, Path(file).name)
        elif isinstance(node, ast.ExceptHandler) and _catches_everything(node) and file not in CATCHES_EVERYTHING:
            found.append(f"line {node.lineno} catches everything")
    return [f"{file}: {line}" for line in found]


def _origins(tree: ast.Module) -> dict[str, str]:
    """Local name -> what it was imported as: `np` -> `numpy`, `loads` -> `pickle.loads`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _banned_call(call: ast.Call, origins: dict[str, str], file_name: str) -> Iterator[str]:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    module, name = _target(call.func, origins)
    if (module, name) == ("builtins", "print") and file_name not in MAY_PRINT:
        yield f"line {call.lineno} prints"
    if name in EXECUTES_ITS_INPUT.get(module, ()):
        yield f"line {call.lineno} calls {module}.{name}, which executes what it reads"
    if (module, name) == ("torch", "load") and not _is_true(keywords.get("weights_only")):
        yield f"line {call.lineno} calls torch.load without weights_only=True"
    if (module, name) == ("numpy", "load") and _is_true(keywords.get("allow_pickle")):
        yield f"line {call.lineno} lets numpy.load unpickle"
    if _is_true(keywords.get("shell")):
        yield f"line {call.lineno} starts a shell"


def _target(function: ast.expr, origins: dict[str, str]) -> tuple[str, str]:
    if isinstance(function, ast.Name):
        module, _, name = origins.get(function.id, f"builtins.{function.id}").rpartition(".")
        return module, name
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return origins.get(function.value.id, function.value.id), function.attr
    return "", ""


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", "") in {"Exception", "BaseException"} for kind in caught)


def notebook_faults(text: str) -> list[str]:
    """What a stripped notebook must not carry: outputs, execution counts, widget state."""
    notebook = json.loads(text)
    faults = [f"cell {i} carries outputs" for i, cell in enumerate(notebook["cells"]) if cell.get("outputs")]
    faults += [f"cell {i} is numbered" for i, cell in enumerate(notebook["cells"]) if cell.get("execution_count")]
    return faults + ["it carries widget state"] * ("widgets" in notebook["metadata"])


def written_by_hand(repository: Path) -> list[Path]:
    """Python and TypeScript that people wrote."""
    files = [file for folder in ("sam2_notebook", "tests", "notebooks") for file in (repository / folder).rglob("*.py")]
    files += [file for file in (repository / "js").rglob("*.ts") if "node_modules" not in file.parts]
    return sorted(file for file in files if not file.name.endswith(".gen.ts"))


def test_no_file_outgrows_its_idea(repository: Path) -> None:
    lengths = {str(f.relative_to(repository)): f.read_text("utf-8").count("\n") for f in written_by_hand(repository)}
    assert not {file: lines for file, lines in lengths.items() if lines > LINES_AT_MOST}


def test_no_file_or_folder_is_named_after_nothing(repository: Path) -> None:
    paths = [file.relative_to(repository) for file in written_by_hand(repository)]
    assert not [str(path) for path in paths if NO_ROOM_WITHOUT_AN_IDEA & {part.split(".")[0] for part in path.parts}]


def test_the_library_is_free_of_banned_calls(repository: Path) -> None:
    package = repository / "sam2_notebook"
    files = sorted(package.rglob("*.py"))
    assert files
    assert not [line for f in files for line in violations(f.relative_to(package).as_posix(), f.read_text("utf-8"))]


def test_every_excuse_for_catching_everything_is_still_needed(repository: Path) -> None:
    sources = {file: repository / "sam2_notebook" / file for file in CATCHES_EVERYTHING}
    idle = [
        file
        for file, path in sources.items()
        if not path.exists()
        or not any(
            _catches_everything(n)
            for n in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(n, ast.ExceptHandler)
        )
    ]
    assert not idle


def test_notebooks_are_stripped_and_small(repository: Path) -> None:
    notebooks = sorted(repository.glob("notebooks/**/*.ipynb"))
    faults = {book.name: notebook_faults(book.read_text("utf-8")) for book in notebooks}
    assert not {name: found for name, found in faults.items() if found}
    assert not [book.name for book in notebooks if book.stat().st_size >= NOTEBOOK_BYTES_AT_MOST]


@pytest.mark.parametrize(
    "source",
    [
        "print('hello')",
        "import torch\ntorch.load('x.pt')",
        "import torch\ntorch.load('x.pt', weights_only=False)",
        "import torch as t\nt.load('x.pt', weights_only=flag)",
        "from torch import load as read\nread('x.pt')",
        "import pickle\npickle.load(f)",
        "from pickle import loads\nloads(b)",
        "import yaml\nyaml.load(f, Loader=x)",
        "eval('1')",
        "exec('1')",
        "import os\nos.system('ls')",
        "import numpy as np\nnp.load('x.npy', allow_pickle=True)",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept (ValueError, BaseException):\n    pass",
        "try:\n    f()\nexcept:\n    pass",
    ],
)
def test_a_banned_construct_is_found(source: str) -> None:
    assert len(violations("predict/image.py", source)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("cli.py", "print('hello')"),
        ("predict/image.py", "import torch\ntorch.load('x.pt', weights_only=True)"),
        ("predict/image.py", "import json, numpy as np\njson.load(f); np.load('x.npy'); model.eval()"),
        ("predict/image.py", "try:\n    f()\nexcept (OSError, ValueError):\n    pass"),
        ("widgets/channel.py", "try:\n    f()\nexcept Exception:\n    answer()"),
    ],
)
def test_what_is_allowed_passes(file: str, source: str) -> None:
    assert not violations(file, source)


@pytest.mark.parametrize(
    ("cell", "metadata"),
    [
        ({"outputs": [{"output_type": "stream"}], "execution_count": None}, {}),
        ({"outputs": [], "execution_count": 3}, {}),
        ({"outputs": [], "execution_count": None}, {"widgets": {}}),
    ],
)
def test_a_notebook_with_leftovers_is_found(cell: dict[str, object], metadata: dict[str, object]) -> None:
    assert len(notebook_faults(json.dumps({"cells": [cell], "metadata": metadata}))) == 1
