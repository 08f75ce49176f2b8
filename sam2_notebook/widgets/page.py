"""What a widget sends to its browser: the built script and style sheet of its page."""

import base64
import os
import zlib
from functools import cached_property
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_UNBUILT = """export default {
  render({ el }) { el.textContent = "The page of this widget is not built. Run `npm run build` in js/."; },
};"""


def asset(name: str) -> "Path | PackedScript | str":
    """A file of the built page: as a path, which anywidget watches, only while somebody develops the page.

    For each watched file anywidget keeps every widget alive that was ever made (manzt/anywidget#929).
    """
    path = STATIC / name
    if not path.is_file():
        return _UNBUILT if path.suffix == ".js" else ""
    if os.environ.get("ANYWIDGET_HMR") == "1":
        return path
    return PackedScript(path) if path.suffix == ".js" else path.read_text("utf-8")


class PackedScript:
    """A script that goes out deflated, with a few lines before it that inflate it again; `str()` is what goes out.

    A page travels with each widget and lies in each saved state; packed, it is less than half as long. What lies in the
    package, and in git, stays plain. Packing takes some milliseconds, so it waits for the first widget.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        """The module that anywidget loads."""
        return self._module

    @cached_property
    def _module(self) -> str:
        named = f"{self._path.read_text('utf-8')}\n//# sourceURL=sam2_notebook/{self._path.name}\n"
        packed = base64.b64encode(zlib.compress(named.encode("utf-8"), 9)).decode("ascii")
        return f'const SAM2NB_PAGE = "{packed}";\n{(STATIC / "unpack.js").read_text("utf-8")}'
