"""Looks at the widget with the fake kernel: `python js/dev/shots.py PICTURE FOLDER` leaves screenshots there."""

import functools
import http.server
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, sync_playwright

JS = Path(__file__).parents[1]
DIST = JS / "dev" / "dist"
VIEWS: tuple[tuple[float, Literal["light", "dark"], int], ...] = (
    (1, "light", 1040),
    (2, "dark", 1040),
    (1.5, "light", 560),
)


def build(picture: Path) -> None:
    """Bundle the harness beside its page, style sheet and picture."""
    DIST.mkdir(exist_ok=True)
    bundle = [
        "npx",
        "esbuild",
        "dev/harness.ts",
        "src/styles/image.css",
        "--bundle",
        "--format=esm",
        "--entry-names=[name]",
    ]
    subprocess.run([*bundle, f"--outdir={DIST}", "--log-level=warning"], cwd=JS, check=True)
    shutil.copy(JS / "dev" / "harness.html", DIST)
    shutil.copy(picture, DIST / "picture.jpg")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def tour(page: Page, save: str) -> None:
    """A session as a user would have it, with a screenshot at each turn."""
    stage = page.locator(".sam2nb-stage")
    page.wait_for_selector('.sam2nb[data-status="ready"]')
    page.wait_for_timeout(400)
    page.screenshot(path=f"{save}-0-ready.png")
    box = stage.bounding_box()
    assert box is not None
    at = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])  # noqa: E731
    page.mouse.click(*at(0.35, 0.5))
    page.wait_for_timeout(500)
    page.screenshot(path=f"{save}-1-click.png")
    page.keyboard.press("3")
    page.wait_for_timeout(200)
    page.screenshot(path=f"{save}-2-candidate.png")
    page.keyboard.press("n")
    page.mouse.move(*at(0.55, 0.25))
    page.mouse.down()
    page.mouse.move(*at(0.8, 0.6), steps=4)
    page.screenshot(path=f"{save}-3-boxing.png")
    page.mouse.up()
    page.mouse.click(*at(0.66, 0.45), button="right")
    page.wait_for_timeout(500)
    page.screenshot(path=f"{save}-4-box.png")
    page.mouse.move(*at(0.7, 0.4))
    for _ in range(4):
        page.keyboard.down("Control")
        page.mouse.wheel(0, -240)
        page.keyboard.up("Control")
    page.wait_for_timeout(300)
    page.screenshot(path=f"{save}-5-zoom.png")
    panels(page, at, save)


def panels(page: Page, at: Callable[[float, float], tuple[float, float]], save: str) -> None:
    """The tour goes on to the help, the list and the settings of the view."""
    page.keyboard.press("f")
    page.keyboard.press("?")
    page.wait_for_timeout(200)
    page.screenshot(path=f"{save}-6-help.png")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    row = page.locator('.sam2nb-object[data-object="2"]')
    row.get_by_label("More").click()
    row.get_by_label("Colour", exact=True).click()
    page.wait_for_timeout(200)
    page.screenshot(path=f"{save}-7-palette.png")
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    page.keyboard.press("z")
    page.keyboard.press("k")
    for label, value in (("Brightness", "1.4"), ("Gamma", "1.5")):
        page.get_by_label(label).fill(value)
    page.mouse.move(*at(0.6, 0.5))
    page.wait_for_timeout(200)
    page.screenshot(path=f"{save}-8-looks.png")
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    page.keyboard.press("o")
    page.locator('.sam2nb-object[data-object="1"]').click(modifiers=["Control"])
    page.wait_for_timeout(200)
    page.screenshot(path=f"{save}-9-solid.png")


def complain(words: str) -> None:
    """Pass on what the browser says."""
    sys.stderr.write(f"{words}\n")


def main() -> None:
    """Every screenshot at both densities and in both themes."""
    picture, folder = map(Path, sys.argv[1:3])
    folder.mkdir(parents=True, exist_ok=True)
    build(picture)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(DIST)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for ratio, scheme, width in VIEWS:
            page = browser.new_page(
                viewport={"width": width, "height": 820}, device_scale_factor=ratio, color_scheme=scheme
            )
            page.on("console", lambda message: complain(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: complain(f"page error: {error}"))
            page.goto(
                f"http://127.0.0.1:{server.server_port}/harness.html?classes=shoe,sole,a%20long%20name%20of%20a%20class,lace"
            )
            tour(page, f"{folder}/{scheme}{ratio}-{width}")
            page.close()
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
