"""The committed bundle is what the sources make, small, and asks nobody for anything."""

import base64
import hashlib
import json
import re
import zlib
from pathlib import Path

import pytest

from sam2_notebook.widgets.page import asset

JS = Path(__file__).parent.parent / "js"
STATIC = Path(__file__).parent.parent / "sam2_notebook" / "widgets" / "static"
# What travels with each widget: scripts packed, style sheets as they are.
BUDGETS = {
    "image.js": 90_000,
    "image.css": 13_000,
    "video.js": 90_000,
    "video.css": 18_700,
    "dynamic.js": 90_000,
    "dynamic.css": 15_100,
    "labeler.js": 90_000,
    "labeler.css": 22_200,
}
SCRIPTS = [name for name in BUDGETS if name.endswith(".js")]
STYLES = [name for name in BUDGETS if name.endswith(".css")]
BUILT_BY = ["build.mjs", "package.json", "package-lock.json"]


def record() -> dict:
    return json.loads((STATIC / "BUILD.json").read_text(encoding="utf-8"))


def source_hash() -> str:
    """As in js/build.mjs: all of src but tests, and what decides how it is built."""
    found = [p for p in (JS / "src").rglob("*") if p.is_file() and not p.name.endswith(".test.ts")]
    names = sorted([p.relative_to(JS).as_posix() for p in found] + BUILT_BY)
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode() + b"\0" + (JS / name).read_bytes() + b"\0")
    return digest.hexdigest()


def test_the_bundle_was_built_from_these_sources() -> None:
    assert record()["source"] == source_hash(), "the bundle is stale: run npm run build in js/"


@pytest.mark.parametrize("name", [*BUDGETS, "unpack.js"])
def test_the_bundle_is_as_it_was_built(name: str) -> None:
    assert record()["outputs"][name] == hashlib.sha256((STATIC / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("name", BUDGETS)
def test_what_travels_stays_within_its_budget(name: str) -> None:
    assert 1_000 < len(str(asset(name)).encode()) <= BUDGETS[name]


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_travels_is_the_bundle(name: str) -> None:
    head, _, rest = str(asset(name)).partition("\n")
    packed = head.removeprefix('const SAM2NB_PAGE = "').removesuffix('";')
    script, _, note = zlib.decompress(base64.b64decode(packed)).decode().rpartition("\n//# ")
    assert script == (STATIC / name).read_text(encoding="utf-8")
    assert note == f"sourceURL=sam2_notebook/{name}\n"
    assert rest == (STATIC / "unpack.js").read_text(encoding="utf-8")
    assert len(rest) < 1_500


@pytest.mark.parametrize("name", list(BUDGETS))
def test_a_page_in_development_is_a_file_that_anywidget_watches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYWIDGET_HMR", "1")
    assert asset(name) == STATIC / name


def test_esbuild_is_pinned_to_the_version_that_built_the_bundle() -> None:
    package = json.loads((JS / "package.json").read_text(encoding="utf-8"))
    assert package["devDependencies"]["esbuild"] == record()["esbuild"]


def test_only_one_library_is_bundled() -> None:
    package = json.loads((JS / "package.json").read_text(encoding="utf-8"))
    assert list(package["dependencies"]) == ["@preact/signals-core"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_bundle_needs_no_network_and_no_html(name: str) -> None:
    code = (STATIC / name).read_text(encoding="utf-8")
    for forbidden in ("fetch(", "XMLHttpRequest", "WebSocket", "innerHTML", "insertAdjacentHTML", "import(", "eval("):
        assert forbidden not in code
    assert set(re.findall(r"https?://[^\"'`\s)]+", code)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", STYLES)
def test_every_style_is_our_own(name: str) -> None:
    css = re.sub(r"/\*.*?\*/", "", (STATIC / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "http" not in css
    selectors = re.findall(r"(?:^|[{};])\s*([.#a-z*\[][^{};@]*)\{", css)
    assert len(selectors) > 50
    strangers = [s for s in selectors if not all(".sam2nb" in part for part in s.split(","))]
    assert [s for s in strangers if s.strip() not in ("0%", "to", "from")] == []
