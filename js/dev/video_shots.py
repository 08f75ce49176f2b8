"""Looks at the video widget with the fake kernel: `python js/dev/video_shots.py VIDEO FOLDER [WIDTHS]`."""

import functools
import http.server
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import av
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from shots import DIST, JS, Quiet

FRAMES = 90


def build(video: Path) -> None:
    """Bundle the harness beside its page, style sheet and frames."""
    frames = DIST / "frames"
    frames.mkdir(parents=True, exist_ok=True)
    bundle = ["npx", "esbuild", "dev/video_harness.ts", "src/styles/video.css", "--bundle", "--format=esm"]
    options = ["--entry-names=[name]", f"--outdir={DIST}", "--log-level=warning"]
    subprocess.run([*bundle, *options], cwd=JS, check=True)
    shutil.copy(JS / "dev" / "video_harness.html", DIST)
    with av.open(str(video)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number >= FRAMES:
                break
            picture = frame.to_image()
            picture.save(frames / f"{number}.jpg", quality=85)
            info = {"width": picture.width, "height": picture.height, "count": number + 1}
    (frames / "info.json").write_text(json.dumps(info), "utf-8")


def tour(page: Page, save: str) -> None:
    """A session as a user would have it, with a screenshot at each turn."""
    root, stage = page.locator(".sam2nb"), page.locator(".sam2nb-stage")
    page.wait_for_selector('.sam2nb[data-status="ready"]')
    page.wait_for_timeout(700)
    page.screenshot(path=f"{save}-0-ready.png")
    box = stage.bounding_box()
    assert box is not None
    at = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])  # noqa: E731
    page.mouse.click(*at(0.35, 0.5))
    page.wait_for_timeout(300)
    page.keyboard.press("n")
    page.mouse.click(*at(0.62, 0.55))
    page.mouse.click(*at(0.65, 0.7), button="right")
    page.wait_for_timeout(400)
    page.screenshot(path=f"{save}-1-clicks.png")
    page.keyboard.press("t")
    page.wait_for_timeout(350)
    page.screenshot(path=f"{save}-2-tracking.png")
    if "10000" in page.url:
        page.wait_for_timeout(1500)
        page.keyboard.press("Escape")
    page.wait_for_selector('.sam2nb[data-track="done"], .sam2nb[data-track="cancelled"]', timeout=60_000)
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("i")
    page.wait_for_timeout(700)
    page.screenshot(path=f"{save}-3-memory.png")
    page.mouse.click(*at(0.5, 0.3))
    page.wait_for_timeout(400)
    timeline = page.locator(".sam2nb-timeline").bounding_box()
    assert timeline is not None
    x, y = timeline["x"] + 200, timeline["y"] + 12
    page.mouse.move(x, y)
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(x + 130, y, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.mouse.move(*at(0.1, 0.1))
    page.wait_for_timeout(300)
    page.screenshot(path=f"{save}-4-stale.png")
    root.locator('.sam2nb-toolbar [data-action="export"]').click()
    page.wait_for_timeout(200)
    page.screenshot(path=f"{save}-5-export.png")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_timeout(200)
    page.screenshot(path=f"{save}-6-help.png")


LOOKS = (
    (1, "light", 1040, 820, ""),
    (2, "dark", 1040, 820, "?notices"),
    (1.5, "light", 400, 1000, ""),
    (1, "dark", 760, 820, "?frames=10000&height=640"),
)


def main() -> None:
    """Every screenshot at several densities, widths and in both themes."""
    video, folder = map(Path, sys.argv[1:3])
    wanted = sys.argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    build(video)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(DIST)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for ratio, scheme, width, height, query in LOOKS:
            if wanted and str(width) not in wanted:
                continue
            page = browser.new_page(
                viewport={"width": width, "height": height}, device_scale_factor=ratio, color_scheme=scheme
            )
            page.on("console", lambda message: sys.stderr.write(f"{message.type}: {message.text}\n"))
            page.on("pageerror", lambda error: sys.stderr.write(f"page error: {error}\n"))
            page.goto(f"http://127.0.0.1:{server.server_port}/video_harness.html{query}")
            tour(page, f"{folder}/{scheme}{ratio}-{width}")
            page.close()
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
